import { digestsEqual } from '@torc/cluster/state/digest'
import { stages } from '@torc/cluster/transition/stage'
import { treeLeaves } from '@torc/cluster/trees/tree-shape'
import type { Worker, WorkerOutcome } from '@torc/cluster/worker/worker'
import type { Log } from '@torc/protocol/environment/log'
import { TorcError } from '@torc/protocol/errors'
import type { BlockIndex } from '../blocks/block-index.js'
import type { BallotRows } from '../consensus/ballot-rows.js'
import type { ReplicasOf } from '../hints/block-hints.js'
import type { Hints } from '../hints/hints.js'
import type { GroupCommit } from '../index/group-commit.js'
import type { KeyIndex } from '../index/key-index.js'
import type { Intents } from '../leases/intents.js'
import type { LeaseIndex } from '../leases/lease-index.js'
import type { LeafReference } from '../trees/leaf-contents.js'
import type { KeyDigest, TreeKind } from '../trees/leaf-rows.js'
import { itemsAtOnce, type LeafPage, type LeftoverRows } from './leftover-rows.js'
import { keyName, PeerLeaves, type PeerLeavesParts, referenceName } from './peer-leaves.js'
import type { OtherParts } from './peer-transitions.js'

export interface HandOverParts extends PeerLeavesParts {
  readonly index: KeyIndex
  readonly hints: Hints
  readonly leases: LeaseIndex
  readonly blockIndex: BlockIndex
  readonly intents: Intents
  readonly rows: LeftoverRows
  readonly ballots: BallotRows
  readonly replicasOf: ReplicasOf
  readonly commit: GroupCommit
  readonly others: OtherParts
  readonly log: Log
}

/** Pause before a partition is looked at again, in milliseconds. */
const againMs = 2_000

/**
 * Lets go of what a settled layout relieved this agent of. What every owner has just as it is here is dropped; of all
 * else, and for owners that do not answer, it keeps a hint for each owner that may lack something, and the hint's
 * delivery ends it (`hints/dispatcher.ts`). So nothing goes before every owner confirmed what *this* agent has.
 */
export class HandOverWorker implements Worker {
  readonly name = 'handover'
  readonly #parts: HandOverParts
  #units: AsyncGenerator<WorkerOutcome, void, undefined> | undefined
  #dropped = 0
  #hinted = 0
  /** Changed while it was compared. */
  #again = false

  constructor(parts: HandOverParts) {
    this.#parts = parts
  }

  async step(signal: AbortSignal): Promise<WorkerOutcome> {
    const { layout } = this.#parts
    if (layout.leftovers.size === 0 || layout.stage !== stages.settled) return 'idle'
    this.#units ??= this.#round(signal)
    try {
      const next = await this.#units.next()
      if (next.done !== true) return next.value
    } catch (thrown) {
      this.#units = undefined
      throw thrown
    }
    this.#units = undefined
    return layout.leftovers.size === 0 ? 'busy' : { throttledMs: againMs }
  }

  progress(): string {
    const { size } = this.#parts.layout.leftovers
    const done = `${this.#dropped} keys and blocks dropped, ${this.#hinted} kept as hints since the start`
    return size === 0 ? `nothing to hand over; ${done}` : `${size} partitions to hand over; ${done}`
  }

  async *#round(signal: AbortSignal): AsyncGenerator<WorkerOutcome, void, undefined> {
    const { layout, rows, commit, ballots, intents, replicasOf } = this.#parts
    const { number } = layout
    for (const partition of [...layout.leftovers]) {
      this.#again = false
      const peers = new Map<string, PeerLeaves>()
      for (const pages of together(rows.keys(partition, layout.partitions))) {
        await this.#keys(partition, pages, peers, signal)
        yield 'busy'
        if (signal.aborted || layout.number !== number) return
      }
      for (const pages of together(rows.references(partition, layout.partitions))) {
        await this.#references(partition, pages, peers, signal)
        yield 'busy'
        if (signal.aborted || layout.number !== number) return
      }
      if (this.#again) continue
      await commit.submit(() => {
        if (layout.number !== number) return
        // Each new owner has read so many old ones that every vote that counted is among its own.
        for (const { name } of [...ballots.of(partition)])
          if (!layout.owns(partition, name.replicas ?? everyReplica)) ballots.drop(name)
        // Nobody asks here any more. A write that is still under way makes its references again (decision 18).
        for (const operation of rows.intents(partition, layout.partitions))
          if (!layout.owns(partition, replicasOf(operation.bucketId) ?? everyReplica))
            intents.remove(operation)
        layout.handedOver(partition, number)
      })
    }
  }

  async #keys(
    partition: number,
    pages: readonly LeafPage<KeyDigest>[],
    peers: Map<string, PeerLeaves>,
    signal: AbortSignal,
  ): Promise<void> {
    const { commit, index, layout, hints, replicasOf } = this.#parts
    const lacking = await this.#lacking(partition, 'keys', pages, peers, signal, (item, named) => {
      const theirs = named.get(keyName(item.bucketId, item.key))
      return theirs !== undefined && digestsEqual(theirs, item.digest)
    })
    const { number } = layout
    await commit.submit(() => {
      if (layout.number !== number) return
      for (const [item, owners] of lacking) {
        const known = index.find(item.bucketId, item.key)
        if (known === undefined || layout.owns(partition, replicasOf(item.bucketId) ?? everyReplica)) continue
        const name = { bucketId: item.bucketId, key: item.key, partition }
        if (!digestsEqual(known.summary.digest, item.digest)) this.#again = true
        else if (owners.length > 0) {
          hints.keys.note(name, known.id, owners, 0)
          this.#hinted++
        } else if (!hints.keys.has(known.id)) {
          hints.delivered.remove(known.id)
          index.drop(name, known)
          this.#dropped++
        }
      }
    })
  }

  async #references(
    partition: number,
    pages: readonly LeafPage<LeafReference>[],
    peers: Map<string, PeerLeaves>,
    signal: AbortSignal,
  ): Promise<void> {
    const { commit, layout, hints, leases, blockIndex, replicasOf } = this.#parts
    const lacking = await this.#lacking(partition, 'blocks', pages, peers, signal, (item, named) =>
      named.has(referenceName(item)),
    )
    const { number } = layout
    await commit.submit(() => {
      if (layout.number !== number) return
      for (const [item, owners] of lacking) {
        const [block, leaseId] = [blockIndex.find(item.hash), leases.idOf(item)]
        if (block === undefined || leaseId === undefined) continue
        if (layout.owns(partition, replicasOf(item.bucketId) ?? everyReplica)) continue
        if (owners.length > 0) {
          hints.blocks.note(item.hash, item, owners)
          this.#hinted++
        } else if (!hints.blocks.isHinted(leaseId, block.id)) {
          leases.dropReference(leaseId, block.id)
          this.#dropped++
        }
      }
    })
  }

  /** Of each item the owners that do not have it just as it is here, or do not say so. */
  async #lacking<T extends { readonly bucketId: Uint8Array }>(
    partition: number,
    kind: TreeKind,
    pages: readonly LeafPage<T>[],
    peers: Map<string, PeerLeaves>,
    signal: AbortSignal,
    has: (item: T, named: ReadonlyMap<string, Uint8Array>) => boolean,
  ): Promise<Map<T, string[]>> {
    const { layout, replicasOf, nodeId } = this.#parts
    const items = pages.flatMap(page => page.items)
    const ownersOf = (item: T) => layout.ownersOf(partition, replicasOf(item.bucketId))
    // As an owner of other buckets it compares only what those hold: each hint is delivered then.
    if (layout.owns(partition)) return new Map(items.map(item => [item, [...ownersOf(item)]]))
    const lacking = new Map<T, string[]>(items.map(item => [item, []]))
    const owners = new Set(items.flatMap(ownersOf))
    owners.delete(nodeId)
    await Promise.all(
      Array.from(owners, async owner => {
        for (const { leaf, items: inLeaf } of pages) {
          const named = await this.#ask(owner, partition, kind, leaf, peers, signal)
          if (named === 'same') continue
          for (const item of inLeaf)
            if (ownersOf(item).includes(owner) && !has(item, named)) lacking.get(item)?.push(owner)
        }
      }),
    )
    return lacking
  }

  async #ask(
    owner: string,
    partition: number,
    kind: TreeKind,
    leaf: number,
    peers: Map<string, PeerLeaves>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Uint8Array> | 'same'> {
    const { others, log } = this.#parts
    if (!others.isAlive(owner)) return new Map()
    const peer = peers.get(owner) ?? new PeerLeaves(this.#parts, owner, partition)
    peers.set(owner, peer)
    try {
      return await peer.at(kind, leaf, signal)
    } catch (thrown) {
      const { code, message } = TorcError.from(thrown)
      log.debug({ agent: owner, partition, code }, `an owner does not say what it has: ${message}`)
      return new Map()
    }
  }
}

/** Pages that go in one transaction. */
const pagesAtOnce = treeLeaves

/** Pages of a few leaves: most leaves hold little. */
function* together<T>(pages: Iterable<LeafPage<T>>): Generator<LeafPage<T>[], void, undefined> {
  let some: LeafPage<T>[] = []
  for (const page of pages) {
    some.push(page)
    if (some.length < pagesAtOnce && page.items.length < itemsAtOnce) continue
    yield some
    some = []
  }
  if (some.length > 0) yield some
}

/** Where nobody said how many owners hold a bucket, all do. */
const everyReplica = 64
