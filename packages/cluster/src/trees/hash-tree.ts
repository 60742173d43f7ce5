import { digestBytes, digestsEqual, emptyDigest } from '../state/digest.js'
import { foldRoot } from './tree-entry.js'
import { slotOfLeaf, treeLeaves } from './tree-shape.js'

const partitionBytes = treeLeaves * digestBytes

/** A leaf as it is stored. */
export interface StoredLeaf {
  /** How many owners hold what it is of. */
  readonly replicas: number
  readonly slot: number
  readonly digest: Uint8Array
}

/**
 * The leaves of all partitions: each is the XOR of its entries, so that it follows a write without a look at the rest and
 * in whatever order writes come. Kept apart by how many of the owners hold an entry (a bucket with fewer replicas uses
 * the first of them), so that two owners compare just what both have to hold: the digest of several kinds is the XOR of
 * theirs. What changed since the last `commit` is known and can be undone.
 */
export class HashTree {
  readonly #partitions: number
  /** By replicas, then by partition; absent = all zero. */
  readonly #leaves = new Map<number, (Uint8Array | undefined)[]>()
  /** Leaves that changed, as they were, by replicas and slot. */
  readonly #before = new Map<number, Map<number, Uint8Array>>()
  /** Roots that were asked for and still hold, by partition, then by rank. */
  readonly #roots = new Map<number, Map<number, Uint8Array>>()

  constructor(partitions: number) {
    this.#partitions = partitions
  }

  /** Adds an entry to a leaf, or takes it out again. */
  toggle(replicas: number, slot: number, entry: Uint8Array): void {
    const leaf = this.#leafAt(replicas, slot)
    let before = this.#before.get(replicas)
    if (before === undefined) {
      before = new Map()
      this.#before.set(replicas, before)
    }
    if (!before.has(slot)) before.set(slot, leaf.slice())
    this.#roots.delete(partitionOf(slot))
    for (let i = 0; i < digestBytes; i++) leaf[i] = (leaf[i] ?? 0) ^ (entry[i] ?? 0)
  }

  /** Puts a leaf in place that was stored; no change. */
  load({ replicas, slot, digest }: StoredLeaf): void {
    this.#leafAt(replicas, slot).set(digest)
    this.#roots.delete(partitionOf(slot))
  }

  /** Leaves of a partition over what more than `rank` owners hold, one digest after the other. */
  leaves(partition: number, rank: number): Uint8Array {
    const sum = new Uint8Array(partitionBytes)
    for (const [replicas, partitions] of this.#leaves) {
      const leaves = replicas > rank ? partitions[partition] : undefined
      if (leaves === undefined) continue
      for (let i = 0; i < partitionBytes; i++) sum[i] = (sum[i] ?? 0) ^ (leaves[i] ?? 0)
    }
    return sum
  }

  /** Root over the same leaves; kept until one of the partition's changes. */
  root(partition: number, rank: number): Uint8Array {
    let ofPartition = this.#roots.get(partition)
    if (ofPartition === undefined) {
      ofPartition = new Map()
      this.#roots.set(partition, ofPartition)
    }
    let root = ofPartition.get(rank)
    if (root === undefined) {
      root = foldRoot(this.leaves(partition, rank))
      ofPartition.set(rank, root)
    }
    return root
  }

  /** One leaf as it is. */
  leaf(replicas: number, slot: number): Uint8Array {
    return this.#leafAt(replicas, slot)
  }

  /** Leaves that changed since the last `commit`, as they are. */
  *changed(): Generator<StoredLeaf, void, undefined> {
    for (const [replicas, slots] of this.#before)
      for (const slot of slots.keys()) yield { replicas, slot, digest: this.#leafAt(replicas, slot) }
  }

  /** All leaves that are not zero. */
  *all(): Generator<StoredLeaf, void, undefined> {
    for (const [replicas, partitions] of this.#leaves) {
      for (const [partition, leaves] of partitions.entries()) {
        if (leaves === undefined) continue
        for (let leaf = 0; leaf < treeLeaves; leaf++) {
          const digest = leaves.subarray(leaf * digestBytes, (leaf + 1) * digestBytes)
          if (!digestsEqual(digest, emptyDigest))
            yield { replicas, slot: slotOfLeaf(partition, leaf), digest }
        }
      }
    }
  }

  commit(): void {
    this.#before.clear()
  }

  /** Brings back what was there at the last `commit`. */
  undo(): void {
    for (const [replicas, slots] of this.#before)
      for (const [slot, digest] of slots) this.load({ replicas, slot, digest })
    this.#before.clear()
  }

  #leafAt(replicas: number, slot: number): Uint8Array {
    let partitions = this.#leaves.get(replicas)
    if (partitions === undefined) {
      partitions = new Array<Uint8Array | undefined>(this.#partitions)
      this.#leaves.set(replicas, partitions)
    }
    const partition = partitionOf(slot)
    let leaves = partitions[partition]
    if (leaves === undefined) {
      leaves = new Uint8Array(partitionBytes)
      partitions[partition] = leaves
    }
    const at = (slot - slotOfLeaf(partition, 0)) * digestBytes
    return leaves.subarray(at, at + digestBytes)
  }
}

function partitionOf(slot: number): number {
  return Math.floor(slot / treeLeaves)
}
