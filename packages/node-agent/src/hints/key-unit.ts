import { digestsEqual } from '@torc/cluster/state/digest'
import type { Version } from '@torc/cluster/state/version'
import type { Hasher } from '@torc/protocol/environment/hasher'
import type { GroupCommit } from '../index/group-commit.js'
import type { KeyIndex } from '../index/key-index.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import type { ReleaseQueue } from '../leases/release-queue.js'
import type { ReplicasOf } from './block-hints.js'
import { concernsHint, type HintReceiver } from './hint-receiver.js'
import type { Hints } from './hints.js'
import { type DeliveredDelta, KeyDelivery } from './key-delivery.js'
import type { KeyHint } from './key-hints.js'

export interface KeyUnitParts {
  readonly nodeId: string
  readonly target: string
  readonly index: KeyIndex
  readonly hints: Hints
  readonly layout: AgentLayout
  readonly commit: GroupCommit
  readonly releases: ReleaseQueue
  readonly hasher: Hasher
  readonly receiver: HintReceiver
  readonly replicasOf: ReplicasOf
}

interface OpenKey {
  readonly hint: KeyHint
  delivery: KeyDelivery | undefined
  /** Versions of which the target knew that they came and went. */
  readonly gone: Version[]
}

/** Keys that are under way to the target at once: their merges share its transactions. */
const lanes = 8

/** What a merge takes beside its record and body, about. */
const mergeBytes = 128

export interface UnitResult {
  readonly delivered: number
  readonly bytes: number
}

/** Delivers some keys of one target; a key with a long history over several units. */
export class KeyUnit {
  readonly #parts: KeyUnitParts & { readonly failed: (error: unknown) => void }
  #open: OpenKey[] = []

  constructor(parts: KeyUnitParts & { readonly failed: (error: unknown) => void }) {
    this.#parts = parts
  }

  get isOpen(): boolean {
    return this.#open.length > 0
  }

  open(hints: readonly KeyHint[]): void {
    this.#open = hints.map(hint => ({ hint, delivery: undefined, gone: [] }))
  }

  /** What was not delivered to its end begins anew. */
  close(): void {
    this.#open = []
  }

  /** Delivers what is open, until about `bytesMax` were sent. `sent`: keys, those too that changed meanwhile. */
  async deliver(bytesMax: number, signal: AbortSignal): Promise<UnitResult & { readonly sent: number }> {
    const ended: OpenKey[] = []
    const work = { left: bytesMax, error: undefined as unknown, signal }
    const lane = async (): Promise<void> => {
      while (work.left > 0 && work.error === undefined && !signal.aborted) {
        const key = this.#open.shift()
        if (key === undefined) return
        if (await this.#send(key, work)) ended.push(key)
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    const delivered = await this.#finish(ended)
    if (work.error !== undefined) throw work.error
    return { delivered, sent: ended.length, bytes: bytesMax - work.left }
  }

  /** Whether all of the key was sent. */
  async #send(
    key: OpenKey,
    work: { left: number; error: unknown; readonly signal: AbortSignal },
  ): Promise<boolean> {
    const { index, hasher, receiver, target, failed } = this.#parts
    try {
      key.delivery ??= KeyDelivery.of(index, hasher, key.hint)
      for (let delta = key.delivery?.next(); delta !== undefined; delta = key.delivery?.next()) {
        const wasSeen = await receiver.merge(target, key.hint, delta, work.signal)
        if (wasSeen && delta.version !== undefined) key.gone.push(delta.version)
        work.left -= bytesOf(delta)
        if (work.left > 0 && work.error === undefined) continue
        this.#open.unshift(key)
        return false
      }
      return true
    } catch (thrown) {
      if (concernsHint(thrown)) failed(thrown)
      else work.error ??= thrown
      return false
    }
  }

  /**
   * The target has the state as it was when its delivery began. Where that is what is here still, the hint goes, and
   * with the last one of a key that this agent does not own begins the time after which its state goes.
   */
  async #finish(ended: readonly OpenKey[]): Promise<number> {
    const { commit } = this.#parts
    if (ended.length === 0) return 0
    return await commit.submit(() => ended.filter(key => this.#isDone(key)).length)
  }

  #isDone({ hint, delivery, gone }: OpenKey): boolean {
    const { index, hints, layout, releases, target, replicasOf } = this.#parts
    const known = index.find(hint.bucketId, hint.key)
    if (known?.id === hint.keyId && delivery !== undefined) {
      if (!digestsEqual(known.summary.digest, delivery.digest)) return false
      hints.keys.remove(target, hint)
      if (!layout.owns(hint.partition, replicasOf(hint.bucketId)) && !hints.keys.has(known.id))
        hints.delivered.add(known.id)
    } else hints.keys.remove(target, hint)
    // No owner removed what it never had: that nobody needs its blocks any more is only known here.
    releases.add(hint, gone)
    return true
  }
}

function bytesOf({ record, body }: DeliveredDelta): number {
  return mergeBytes + (record?.length ?? 0) + (body?.length ?? 0)
}
