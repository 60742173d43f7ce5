import type { Hasher } from '@torc/protocol/environment/hasher'

/** The hash space is cut in this many equal parts when a layout says nothing else. */
export const partitionCountDefault = 256
export const partitionCountMax = 65_536

/** Whether `count` may be a layout's number of partitions: a power of two up to 65,536. */
export function isPartitionCount(count: number): boolean {
  return Number.isInteger(count) && count >= 1 && count <= partitionCountMax && (count & (count - 1)) === 0
}

/** Partition of a key: the first bits of SHA-256(bucketId ‖ key in UTF-8). */
export function keyPartition(hasher: Hasher, bucketId: Uint8Array, key: string, count: number): number {
  return blockPartition(hasher.sha256(bucketId, Buffer.from(key)), count)
}

/** Partition of a block: the first bits of its own hash. */
export function blockPartition(hash: Uint8Array, count: number): number {
  // A power of two divides 65,536, so the first 16 bits decide.
  return Math.floor((((hash[0] ?? 0) << 8) | (hash[1] ?? 0)) / (partitionCountMax / count))
}
