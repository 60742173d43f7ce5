import type { RequestOf } from '@torc/protocol/messages/table'
import type * as s from '@torc/protocol/store/object-store'
import type { Caller } from '../connection/caller.js'
import { policyInfoOf, tagInfoOf } from './answers.js'
import { limitsOf, policyTarget, tagRequest } from './requests.js'

/** The calls on policies and tags. Setting the same again changes nothing, so all may be repeated. */
export class RemoteAttributes {
  readonly #caller: Caller

  constructor(caller: Caller) {
    this.#caller = caller
  }

  async policy(target: s.PolicyTarget, options: s.CallOptions): Promise<s.PolicyInfo> {
    return policyInfoOf((await this.#caller.call('getPolicy', policyTarget(target), limitsOf(options))).head)
  }

  async setPolicy(target: s.PolicyTarget, policy: string, options: s.CallOptions): Promise<void> {
    const head: RequestOf<'setPolicy'> = { ...policyTarget(target), policy }
    await this.#caller.call('setPolicy', head, { ...limitsOf(options), writes: true })
  }

  async tags(bucket: string, key: string, options: s.TagOptions): Promise<s.TagInfo> {
    const { versionId } = options
    const head: RequestOf<'getTags'> = { bucket, key, ...(versionId === undefined ? {} : { versionId }) }
    return tagInfoOf(bucket, key, (await this.#caller.call('getTags', head, limitsOf(options))).head)
  }

  async setTags(
    bucket: string,
    key: string,
    changes: s.TagChanges,
    options: s.TagOptions,
  ): Promise<s.TagInfo> {
    const head = tagRequest(bucket, key, changes, options)
    const answer = await this.#caller.call('setTags', head, { ...limitsOf(options), writes: true })
    return tagInfoOf(bucket, key, answer.head)
  }
}
