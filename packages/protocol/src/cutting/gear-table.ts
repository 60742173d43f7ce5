/** ASCII `torc`. Another seed cuts all contents elsewhere: nothing stored so far would be shared with new uploads. */
const seed = 0x746f7263
const goldenRatio = 0x9e3779b9

/**
 * A pseudo-random 32-bit word for each byte: the finaliser of MurmurHash3 (Appleby 2011) over
 * `seed + (byte + 1) × goldenRatio` modulo 2³². Never changes (decision 15).
 */
export const gearTable: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  const start = (seed + Math.imul(byte + 1, goldenRatio)) | 0
  const first = Math.imul(start ^ (start >>> 16), 0x85ebca6b)
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35)
  return second ^ (second >>> 16)
})
