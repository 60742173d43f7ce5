import { type Lease, partOf } from '@torc/protocol/frames/lease'

/** Bytes in all pieces. */
export function bytesOf(pieces: readonly Uint8Array[]): number {
  let total = 0
  for (const piece of pieces) total += piece.length
  return total
}

/** The pieces from byte `from` up to (not including) byte `to`, as views. */
export function slicePieces(pieces: readonly Uint8Array[], from: number, to: number): Uint8Array[] {
  const out: Uint8Array[] = []
  let at = 0
  for (const piece of pieces) {
    const first = Math.max(0, from - at)
    const end = Math.min(piece.length, to - at)
    if (first < end) out.push(first === 0 && end === piece.length ? piece : piece.subarray(first, end))
    at += piece.length
    if (at >= to) break
  }
  return out
}

/** The same of pieces that are lent; those outside are given back at once. */
export function* sliceLeases(leases: readonly Lease[], from: number, to: number): Generator<Lease> {
  let at = 0
  for (const lease of leases) {
    const size = lease.bytes.length
    const first = Math.max(0, from - at)
    const end = Math.min(size, to - at)
    if (first < end) yield partOf(lease, first, end)
    else lease.release()
    at += size
  }
}
