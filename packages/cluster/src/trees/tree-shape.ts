import { limits } from '@torc/protocol/limits'
import { partitionCountMax } from '../ring/partition.js'

/** Leaves of the tree of one partition. */
export const treeLeaves = limits.treeLeaves

/**
 * Positions that there are: as many as the most leaves of all partitions together. A position is the first 22 bits of a
 * hash, so that it outlives a change of the number of partitions, and each leaf is a range of positions.
 */
export const treePositions = partitionCountMax * treeLeaves
const positionBits = Math.log2(treePositions)

/** Position of a key (by the hash of its bucket and name) or of a block (by its own): 0 to `treePositions` − 1. */
export function treePosition(hash: Uint8Array): number {
  const first24 = ((hash[0] ?? 0) << 16) | ((hash[1] ?? 0) << 8) | (hash[2] ?? 0)
  return first24 >>> (24 - positionBits)
}

/** Number of a leaf among those of all partitions: those of one partition follow each other. */
export function slotOf(position: number, partitions: number): number {
  return Math.floor(position / (treePositions / (partitions * treeLeaves)))
}

export function slotOfLeaf(partition: number, leaf: number): number {
  return partition * treeLeaves + leaf
}

/** The positions of a leaf, both included. */
export function positionsOf(
  slot: number,
  partitions: number,
): { readonly first: number; readonly last: number } {
  const count = treePositions / (partitions * treeLeaves)
  return { first: slot * count, last: (slot + 1) * count - 1 }
}

/** The hashes of a leaf: from `first` on, below `end`; undefined = to the greatest. */
export function hashesOf(
  slot: number,
  partitions: number,
): { readonly first: Uint8Array; readonly end: Uint8Array | undefined } {
  const { first, last } = positionsOf(slot, partitions)
  return {
    first: leastHash(first),
    end: last + 1 === treePositions ? undefined : leastHash(last + 1),
  }
}

/** A beginning of a hash is below every hash that begins so. */
function leastHash(position: number): Uint8Array {
  const first24 = position << (24 - positionBits)
  return Uint8Array.of(first24 >>> 16, (first24 >>> 8) & 0xff, first24 & 0xff)
}
