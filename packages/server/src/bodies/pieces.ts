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
