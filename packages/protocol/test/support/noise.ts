/** Bytes without a pattern, the same for each seed ≥ 1: words of xorshift32 (Marsaglia 2003), lowest byte first. */
export function noise(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size)
  let word = seed | 0
  for (let at = 0; at < size; at += 4) {
    word ^= word << 13
    word ^= word >>> 17
    word ^= word << 5
    bytes[at] = word
    bytes[at + 1] = word >>> 8
    bytes[at + 2] = word >>> 16
    bytes[at + 3] = word >>> 24
  }
  return bytes
}
