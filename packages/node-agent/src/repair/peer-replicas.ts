import type { Dot } from '@torc/cluster/clocks/dot'
import type { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import type { Membership } from '@torc/cluster/membership/membership'
import type { Peers } from '@torc/cluster/membership/peers'
import { digestBytes } from '@torc/cluster/state/digest'
import { slotOf, slotOfLeaf, treeLeaves, treePosition } from '@torc/cluster/trees/tree-shape'
import type { Clock } from '@torc/protocol/environment/clock'
import type { Hasher } from '@torc/protocol/environment/hasher'
import { TorcError } from '@torc/protocol/errors'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import { limits } from '@torc/protocol/limits'
import type { ResponseOf } from '@torc/protocol/messages/table'
import type { AgentLayout } from '../layout/agent-layout.js'
import { reachAgent } from '../membership/reach-agent.js'
import type { TreeKind } from '../trees/leaf-rows.js'
import { within } from './deadline.js'

export type LeafKey = ResponseOf<'fetchLeafKeys'>['keys'][number]
export type LeafReference = ResponseOf<'fetchLeafBlocks'>['references'][number]
type StatePage = ResponseOf<'fetchKey'>

export interface PeerReplicasParts {
  readonly layout: AgentLayout
  readonly membership: Membership
  readonly peers: Pick<Peers, 'reach'>
  readonly hybridClock: HybridClock
  readonly clock: Clock
  readonly hasher: Hasher
}

/** Patience with a peer, of each step without progress, in milliseconds. */
const answerMs = 10_000
/** Patience with all of a leaf, and with all of a key's state. */
const leafMs = 60_000
const stateMs = 5 * 60_000
/** Most keys or references of one leaf: of more, the peer is not believed. */
const leafItemsMax = 1 << 20

/**
 * What another owner says that it holds. All of it is checked for what can be checked: sizes, that keys are of the leaf
 * that was asked for, and that an answer ends. PROTOCOL where it is not so; UNREACHABLE, TIMEOUT or the peer's own error
 * where it does not answer.
 */
export class PeerReplicas {
  readonly #parts: PeerReplicasParts

  constructor(parts: PeerReplicasParts) {
    this.#parts = parts
  }

  /** Roots of the trees of these partitions, at most `treeRootsMax`, one digest after the other. */
  async roots(
    agent: string,
    what: TreeKind,
    partitions: readonly number[],
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const exchange = await this.#reach(agent)
    const head = { ...this.#address(), what, partitions: [...partitions] }
    const answer = await exchange.request('fetchRoots', head, { timeoutMs: answerMs, signal })
    return this.#digests(agent, answer.head, partitions.length)
  }

  /** Leaves of the tree of a partition, one digest after the other. */
  async leaves(agent: string, what: TreeKind, partition: number, signal: AbortSignal): Promise<Uint8Array> {
    const exchange = await this.#reach(agent)
    const head = { ...this.#address(), what, partition }
    const answer = await exchange.request('fetchLeaves', head, { timeoutMs: answerMs, signal })
    return this.#digests(agent, answer.head, treeLeaves)
  }

  #digests(agent: string, head: { time: number; digests: Uint8Array }, count: number): Uint8Array {
    this.#parts.hybridClock.observe(head.time)
    if (head.digests.length !== count * digestBytes)
      throw new TorcError('PROTOCOL', `${agent} gave ${head.digests.length} bytes for ${count} digests`)
    return head.digests
  }

  /** Keys of a leaf and the digests of their states, page by page. */
  async *leafKeys(
    agent: string,
    partition: number,
    leaf: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly LeafKey[], void, undefined> {
    const { clock, hasher } = this.#parts
    const exchange = await this.#reach(agent)
    const request = { ...this.#address(), partition, leaf }
    let items = 0
    const answers = within(clock, leafMs, signal, late =>
      exchange.fetch('fetchLeafKeys', request, { timeoutMs: answerMs, signal: late }),
    )
    for await (const { head } of answers) {
      this.#parts.hybridClock.observe(head.time)
      items += head.keys.length
      for (const { bucketId, key } of head.keys)
        this.#checkPlace(agent, hasher.sha256(bucketId, Buffer.from(key)), partition, leaf)
      checkCount(agent, items)
      yield head.keys
    }
  }

  /** References to the blocks of a leaf, page by page. */
  async *leafReferences(
    agent: string,
    partition: number,
    leaf: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly LeafReference[], void, undefined> {
    const exchange = await this.#reach(agent)
    const request = { ...this.#address(), partition, leaf }
    let items = 0
    const answers = within(this.#parts.clock, leafMs, signal, late =>
      exchange.fetch('fetchLeafBlocks', request, { timeoutMs: answerMs, signal: late }),
    )
    for await (const { head } of answers) {
      this.#parts.hybridClock.observe(head.time)
      items += head.references.length
      for (const { hash } of head.references) this.#checkPlace(agent, hash, partition, leaf)
      checkCount(agent, items)
      yield head.references
    }
  }

  #checkPlace(agent: string, hash: Uint8Array, partition: number, leaf: number): void {
    if (slotOf(treePosition(hash), this.#parts.layout.partitions) !== slotOfLeaf(partition, leaf))
      throw new TorcError('PROTOCOL', `${agent} gave something for a leaf that it does not belong to`)
  }

  /** The state of a key, page by page; the first page has its context. */
  async *state(
    agent: string,
    { bucketId, key }: LeafKey,
    signal: AbortSignal,
  ): AsyncGenerator<StatePage, void, undefined> {
    const exchange = await this.#reach(agent)
    const request = { ...this.#address(), bucketId, key, want: 'state' } as const
    const answers = within(this.#parts.clock, stateMs, signal, late =>
      exchange.fetch('fetchKey', request, { timeoutMs: answerMs, signal: late }),
    )
    for await (const { head, body } of answers) {
      body?.discard()
      this.#parts.hybridClock.observe(head.time)
      yield head
    }
  }

  /** The inline body of a version, not checked; undefined where the peer has lost the version meanwhile. */
  async body(
    agent: string,
    { bucketId, key }: LeafKey,
    { actor, counter }: Dot,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const exchange = await this.#reach(agent)
    const request = { ...this.#address(), bucketId, key, dot: [actor, counter] as [string, number] }
    try {
      const { head, body } = await exchange.request('fetchBody', request, { timeoutMs: answerMs, signal })
      this.#parts.hybridClock.observe(head.time)
      return (await body?.bytes(limits.storedInlineBytesMax)) ?? new Uint8Array(0)
    } catch (thrown) {
      if (TorcError.from(thrown).code === 'VERSION_NOT_FOUND') return undefined
      throw thrown
    }
  }

  #address() {
    const { layout, hybridClock } = this.#parts
    return { epoch: layout.number, stage: layout.stage, time: hybridClock.now() }
  }

  #reach(agent: string): Promise<Exchange> {
    return reachAgent(this.#parts.membership, this.#parts.peers, agent)
  }
}

function checkCount(agent: string, items: number): void {
  if (items > leafItemsMax) throw new TorcError('PROTOCOL', `${agent} does not end its list of a leaf`)
}
