/**
 * A bit for each partition, the first in the lowest bit of the first byte, as gossip carries which partitions a member
 * holds hints of. Undefined for none.
 */
export function partitionBits(partitions: Iterable<number>): Uint8Array | undefined {
  const all = [...partitions]
  if (all.length === 0) return undefined
  const bits = new Uint8Array((Math.max(...all) >>> 3) + 1)
  for (const partition of all) bits[partition >>> 3] = (bits[partition >>> 3] ?? 0) | (1 << (partition & 7))
  return bits
}

/** Whether the bits name the partition; those beyond their end are not set. */
export function hasPartition(bits: Uint8Array | undefined, partition: number): boolean {
  return bits !== undefined && (((bits[partition >>> 3] ?? 0) >>> (partition & 7)) & 1) === 1
}
