import type { RequestOf } from '@torc/protocol/messages/table'
import type { Admin, InitLayoutOptions, LayoutChange, LayoutInfo } from '@torc/protocol/store/admin'
import type * as s from '@torc/protocol/store/object-store'
import type { Caller } from '../connection/caller.js'
import { limitsOf } from './requests.js'

export type ApplyOptions = NonNullable<Parameters<Admin['applyLayout']>[0]>
export type RecoverOptions = NonNullable<Parameters<Admin['recoverLayout']>[0]>

/** What operators do with the layout. */
export class RemoteLayouts {
  readonly #caller: Caller

  constructor(caller: Caller) {
    this.#caller = caller
  }

  async show(options: s.CallOptions): Promise<LayoutInfo> {
    return (await this.#caller.call('getLayout', {}, limitsOf(options))).head
  }

  async init(options: InitLayoutOptions): Promise<LayoutInfo> {
    const head: RequestOf<'initLayout'> = {}
    if (options.agents !== undefined) head.agents = options.agents
    if (options.replicas !== undefined) head.replicas = options.replicas
    if (options.partitions !== undefined) head.partitions = options.partitions
    await this.#caller.call('initLayout', head, { ...limitsOf(options), writes: true })
    return this.show(options)
  }

  async stage(change: LayoutChange, options: s.CallOptions): Promise<LayoutInfo> {
    const { assign = [], remove = [], replicas } = change
    const head: RequestOf<'stageLayout'> = {
      assign: assign.map(({ id, zone, capacity }) => ({
        id,
        ...(zone === undefined ? {} : { zone }),
        ...(capacity === undefined ? {} : { capacity }),
      })),
      remove: [...remove],
    }
    if (replicas !== undefined) head.replicas = replicas
    return (await this.#caller.call('stageLayout', head, { ...limitsOf(options), writes: true })).head
  }

  async cancel(options: s.CallOptions): Promise<LayoutInfo> {
    return (await this.#caller.call('cancelLayout', {}, { ...limitsOf(options), writes: true })).head
  }

  async recover(options: RecoverOptions): Promise<LayoutInfo> {
    const head: RequestOf<'recoverLayout'> = options.acceptLoss === true ? { acceptLoss: true } : {}
    return (await this.#caller.call('recoverLayout', head, { ...limitsOf(options), writes: true })).head
  }

  async apply(options: ApplyOptions): Promise<LayoutInfo> {
    const head: RequestOf<'applyLayout'> = {}
    if (options.epoch !== undefined) head.epoch = options.epoch
    if (options.acceptLoss === true) head.acceptLoss = true
    return (await this.#caller.call('applyLayout', head, { ...limitsOf(options), writes: true })).head
  }
}
