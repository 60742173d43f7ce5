import { digestBytes, digestsEqual } from '@torc/cluster/state/digest'
import type { WorkerOutcome } from '@torc/cluster/worker/worker'
import type { Log } from '@torc/protocol/environment/log'
import type { Random } from '@torc/protocol/environment/random'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import type { AgentLayout } from '../layout/agent-layout.js'
import type { AgentTrees } from '../trees/agent-trees.js'
import type { LeafKind } from './leaf-kind.js'
import { Look } from './look.js'
import { OwnFailure } from './own-failure.js'
import type { PassProgress } from './pass-progress.js'
import type { LeafKey, LeafReference, PeerReplicas } from './peer-replicas.js'

export interface RepairPassParts {
  readonly nodeId: string
  readonly layout: AgentLayout
  readonly trees: AgentTrees
  readonly replicas: PeerReplicas
  readonly keys: LeafKind<LeafKey>
  readonly references: LeafKind<LeafReference>
  readonly random: Random
  readonly log: Log
}

/** How a pass goes. */
export interface PassOptions {
  readonly bytesPerSecond: number
  /**
   * What differs is taken over at once: a second look waits for writes that are on their way, of which a new owner has to
   * know as well.
   */
  readonly atOnce?: boolean
  /** Told of each partition once it was compared: whether all that differed was taken over. */
  readonly onCompared?: (partition: number, isLevel: boolean) => void
}

type AnyKind = LeafKind<LeafKey> | LeafKind<LeafReference>
type Units = AsyncGenerator<WorkerOutcome, void, undefined>

/** A partition whose trees of one kind differ. */
interface Differing {
  readonly kind: AnyKind
  readonly partition: number
}

/** From the first look to the second, of which some is random: writes that are on their way have come by then. */
const settleMs = 1_000
const settleJitterMs = 1_000
/** Items that are repaired in one unit. */
const itemsAtOnce = 64
/** A shorter rest is not worth a timer. */
const restMsMin = 10

/**
 * One pass: compares this agent with the other owners of its partitions and takes over what it lacks (the others do the
 * same in passes of their own, so that all become level). Roots first, leaves where these differ, then keys; whatever
 * differs is looked at twice, as what was on its way at the first look is there at the second. What `run` yields are
 * bounded units of the worker.
 */
export class RepairPass {
  readonly #parts: RepairPassParts
  readonly #progress: PassProgress
  readonly #options: PassOptions
  /** Partitions of the peer at hand in which something could not be taken over. */
  #failed = new Set<number>()

  constructor(parts: RepairPassParts, progress: PassProgress, options: PassOptions) {
    this.#parts = parts
    this.#progress = progress
    this.#options = options
  }

  /** With one peer. Rejects only with what the own disk says; a peer that fails shows in the progress. */
  async *run(peer: string, partitions: readonly number[], signal: AbortSignal): Units {
    const left = new Set(partitions)
    this.#failed = new Set()
    try {
      const differing: Differing[] = []
      for (let from = 0; from < partitions.length; from += limits.treeRootsMax) {
        const part = partitions.slice(from, from + limits.treeRootsMax)
        differing.push(...(await this.#differing(peer, part, signal)))
        this.#count(left, part, differing)
        yield 'busy'
      }
      while (differing.length > 0) {
        yield* this.#round(peer, differing, signal)
        this.#count(left, partitions, differing)
      }
    } catch (thrown) {
      if (!(thrown instanceof TorcError) || thrown instanceof OwnFailure) throw thrown
      if (signal.aborted) return
      const { code, message } = thrown
      this.#parts.log.debug({ peer, code }, `replicas can not be compared: ${message}`)
      this.#progress.partitions += left.size
      this.#progress.unreachable += left.size
    }
  }

  /** The partitions of `part` that are not to be looked at any more are done. */
  #count(left: Set<number>, part: readonly number[], differing: readonly Differing[]): void {
    const open = new Set(differing.map(({ partition }) => partition))
    for (const partition of part) {
      if (open.has(partition) || !left.delete(partition)) continue
      this.#progress.partitions++
      const isLevel = !this.#failed.has(partition)
      if (!isLevel) this.#progress.unreachable++
      this.#options.onCompared?.(partition, isLevel)
    }
  }

  async #differing(peer: string, partitions: readonly number[], signal: AbortSignal): Promise<Differing[]> {
    const { replicas, trees, keys, references } = this.#parts
    const differing: Differing[] = []
    for (const kind of [keys, references]) {
      const roots = await replicas.roots(peer, kind.kind, partitions, signal)
      for (const [i, partition] of partitions.entries()) {
        const own = trees.root(kind.kind, partition, this.#rank(partition, peer))
        if (own === undefined || !digestsEqual(own, digestAt(roots, i))) differing.push({ kind, partition })
      }
    }
    return differing
  }

  /** First look at as many of `differing` as fit, which go from it; a rest; second look, and repair. */
  async *#round(peer: string, differing: Differing[], signal: AbortSignal): Units {
    const look = new Look<AnyKind>()
    for (let one = differing[0]; one !== undefined && !look.isFull; one = differing[0]) {
      await this.#firstLook(peer, one, look, signal)
      if (!look.isFull) differing.shift()
      yield 'busy'
    }
    if (look.isEmpty) return
    if (this.#options.atOnce !== true)
      yield { throttledMs: settleMs + settleJitterMs * this.#parts.random.fraction() }
    const repaired = this.#progress.keysRepaired + this.#progress.blocksRepaired
    for (const { kind, partition, leaf, names } of look.leaves()) {
      // The same for both kinds, each with items of its own type.
      if (kind.kind === 'keys')
        yield* this.#secondLook(this.#parts.keys, peer, partition, leaf, names, signal)
      else yield* this.#secondLook(this.#parts.references, peer, partition, leaf, names, signal)
    }
    const isStuck = repaired === this.#progress.keysRepaired + this.#progress.blocksRepaired
    if (!look.isFull || !isStuck) return
    // So much differs, and nothing of it could be taken over: the rest waits for the next pass.
    for (const { partition } of differing.splice(0, 1)) this.#failed.add(partition)
  }

  async #firstLook(
    peer: string,
    { kind, partition }: Differing,
    look: Look<AnyKind>,
    signal: AbortSignal,
  ): Promise<void> {
    const theirs = await this.#parts.replicas.leaves(peer, kind.kind, partition, signal)
    const own = this.#parts.trees.leaves(kind.kind, partition, this.#rank(partition, peer))
    if (own === undefined) return
    for (let leaf = 0; leaf < limits.treeLeaves && !look.isFull; leaf++) {
      if (digestsEqual(digestAt(own, leaf), digestAt(theirs, leaf))) continue
      if (kind.kind === 'keys') await note(look, this.#parts.keys, peer, partition, leaf, signal)
      else await note(look, this.#parts.references, peer, partition, leaf, signal)
    }
  }

  async *#secondLook<T>(
    kind: LeafKind<T>,
    peer: string,
    partition: number,
    leaf: number,
    names: ReadonlySet<string>,
    signal: AbortSignal,
  ): Units {
    const differ = new Map<string, T>()
    for await (const page of kind.pages(peer, partition, leaf, signal)) {
      for (const item of page) {
        const name = kind.nameOf(item)
        if (names.has(name) && kind.differs(item)) differ.set(name, item)
      }
    }
    const items = [...differ.values()]
    for (let from = 0; from < items.length; from += itemsAtOnce) {
      const done = await kind.repair(peer, items.slice(from, from + itemsAtOnce), signal)
      this.#progress.different += done.different
      if (kind.kind === 'keys') this.#progress.keysRepaired += done.repaired
      else this.#progress.blocksRepaired += done.repaired
      if (done.failed) this.#failed.add(partition)
      this.#progress.bytes += done.bytes
      const restMs = (done.bytes * 1000) / this.#options.bytesPerSecond
      yield restMs < restMsMin ? 'busy' : { throttledMs: restMs }
    }
  }

  #rank(partition: number, peer: string): number {
    const { layout, nodeId } = this.#parts
    return layout.commonRank(partition, nodeId, peer)
  }
}

/** Notes what differs in a leaf, as far as there is room. */
async function note<T extends LeafKey | LeafReference>(
  look: Look<AnyKind>,
  kind: LeafKind<T> & AnyKind,
  peer: string,
  partition: number,
  leaf: number,
  signal: AbortSignal,
): Promise<void> {
  const names = look.leaf(kind, partition, leaf)
  for await (const page of kind.pages(peer, partition, leaf, signal)) {
    for (const item of page as readonly T[]) if (kind.differs(item)) names.add(kind.nameOf(item))
    if (look.isFull) return
  }
}

function digestAt(digests: Uint8Array, index: number): Uint8Array {
  return digests.subarray(index * digestBytes, (index + 1) * digestBytes)
}
