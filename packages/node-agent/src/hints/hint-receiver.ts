import { encodeContext } from '@torc/cluster/clocks/causal-context'
import type { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import type { Membership } from '@torc/cluster/membership/membership'
import type { Peers } from '@torc/cluster/membership/peers'
import { encodeAttributes } from '@torc/cluster/state/attributes-codec'
import { TorcError } from '@torc/protocol/errors'
import type { Lease } from '@torc/protocol/frames/lease'
import { blockEncoding } from '../blocks/block-encoding.js'
import type { BlockRow } from '../blocks/block-index.js'
import type { KeyName } from '../index/key-writer.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import type { Operation } from '../leases/operation.js'
import { reachAgent } from '../membership/reach-agent.js'
import { type CollectionNumbers, newerCollection } from '../remainders/collection-numbers.js'
import type { DeliveredDelta } from './key-delivery.js'

/** Those that hints are delivered to. What resolves is on the target's disk; what rejects may be, or not. */
export interface HintReceiver {
  /** Whether the target is believed to be there. */
  isAlive(target: string): boolean
  /** Resolves with whether the target knew that the version came and went; that is as good as stored. */
  merge(target: string, name: KeyName, delta: DeliveredDelta, signal: AbortSignal): Promise<boolean>
  /** Positions of the blocks that the target lacks; to the others it has a reference now. */
  refer(
    target: string,
    operation: Operation,
    hashes: readonly Uint8Array[],
    signal: AbortSignal,
  ): Promise<readonly number[]>
  /** Sends a block, and releases its bytes. */
  put(
    target: string,
    operation: Operation,
    block: Pick<BlockRow, 'hash' | 'size' | 'encoding'>,
    bytes: Lease,
    signal: AbortSignal,
  ): Promise<void>
}

export interface PeerReceiverParts {
  readonly layout: AgentLayout
  readonly membership: Membership
  readonly peers: Pick<Peers, 'reach'>
  readonly clock: HybridClock
  readonly collections: CollectionNumbers
  /** How many owners hold a bucket's keys, where it is known. */
  readonly replicasOf: (bucketId: Uint8Array) => number | undefined
}

/** Patience with a target, of each step without progress, in milliseconds. */
const answerMs = 10_000

/** The owners, over the peers' connections. */
export class PeerReceiver implements HintReceiver {
  readonly #parts: PeerReceiverParts

  constructor(parts: PeerReceiverParts) {
    this.#parts = parts
  }

  isAlive(target: string): boolean {
    return this.#parts.membership.members().some(({ id, state }) => id === target && state === 'alive')
  }

  async merge(target: string, name: KeyName, delta: DeliveredDelta, signal: AbortSignal): Promise<boolean> {
    const own = this.#parts.collections.of(name.partition)
    try {
      return await this.#mergeUnder(own, target, name, delta, signal)
    } catch (thrown) {
      // A hint is delivered whatever it was read under: while it is here, its key is not collected. It carries a number
      // all the same, so that a message that comes late, when the hint is gone, is refused.
      const newer = newerCollection(thrown)
      if (newer === undefined || newer <= own) throw thrown
      return await this.#mergeUnder(newer, target, name, delta, signal)
    }
  }

  async #mergeUnder(
    collection: number,
    target: string,
    name: KeyName,
    delta: DeliveredDelta,
    signal: AbortSignal,
  ): Promise<boolean> {
    const exchange = await this.#reach(target)
    const { record, body, attributes } = delta
    const replicas = this.#parts.replicasOf(name.bucketId)
    const head = {
      ...this.#address(),
      bucketId: name.bucketId,
      key: Buffer.from(name.key).toString(),
      context: encodeContext(delta.context),
      ...(collection === 0 ? {} : { collection }),
      ...(replicas === undefined ? {} : { replicas }),
      ...(record === undefined ? {} : { record }),
      ...(attributes.size === 0 ? {} : { attributes: encodeAttributes(attributes) }),
    }
    const { head: answer } = await exchange.request('merge', head, { body, timeoutMs: answerMs, signal })
    this.#parts.clock.observe(answer.time)
    return answer.outcome === 'seen'
  }

  async refer(
    target: string,
    operation: Operation,
    hashes: readonly Uint8Array[],
    signal: AbortSignal,
  ): Promise<readonly number[]> {
    const exchange = await this.#reach(target)
    const { head } = await exchange.request(
      'referBlocks',
      { ...this.#address(), ...named(operation), hashes: Buffer.concat(hashes) },
      { timeoutMs: answerMs, signal },
    )
    this.#parts.clock.observe(head.time)
    return head.missing
  }

  async put(
    target: string,
    operation: Operation,
    { hash, size, encoding }: Pick<BlockRow, 'hash' | 'size' | 'encoding'>,
    bytes: Lease,
    signal: AbortSignal,
  ): Promise<void> {
    let isSent = false
    try {
      const exchange = await this.#reach(target)
      const compress = encoding === blockEncoding.plain ? {} : { compress: true }
      const head = { ...this.#address(), ...named(operation), hash, size, ...compress }
      isSent = true
      const body = { leases: [bytes] }
      const { head: answer } = await exchange.request('putBlock', head, { body, timeoutMs: answerMs, signal })
      this.#parts.clock.observe(answer.time)
    } finally {
      if (!isSent) bytes.release()
    }
  }

  async #reach(target: string) {
    const { membership, peers } = this.#parts
    return await reachAgent(membership, peers, target)
  }

  #address() {
    const { layout, clock } = this.#parts
    return { epoch: layout.number, stage: layout.stage, time: clock.now() }
  }
}

function named({ bucketId, key, opId }: Operation) {
  return { bucketId, key: Buffer.from(key).toString(), opId }
}

/** What concerns the hint that was sent and not the target: others can be delivered all the same. */
const ofTheHint = new Set(['CORRUPT', 'CHECKSUM', 'BAD_REQUEST', 'TOO_LARGE', 'NOT_OWNER', 'INTERNAL'])

/** Whether an error is one of a single hint, so that those behind it need not wait. */
export function concernsHint(thrown: unknown): boolean {
  return ofTheHint.has(TorcError.from(thrown).code)
}
