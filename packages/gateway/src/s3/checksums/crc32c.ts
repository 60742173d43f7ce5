/** Castagnoli's polynomial, reflected (RFC 3720). */
const polynomial = 0x82f63b78
/** Bytes that one step takes. */
const slices = 8

const table: Int32Array = makeTable()

/** CRC-32C, eight bytes a step. */
export class Crc32c {
  #value = -1

  update(bytes: Uint8Array): void {
    const t = table
    let value = this.#value
    let at = 0
    const whole = bytes.length - (bytes.length % slices)
    for (; at < whole; at += slices) {
      value ^= word(bytes, at)
      const next = word(bytes, at + 4)
      value =
        (t[1792 + (value & 0xff)] ?? 0) ^
        (t[1536 + ((value >>> 8) & 0xff)] ?? 0) ^
        (t[1280 + ((value >>> 16) & 0xff)] ?? 0) ^
        (t[1024 + (value >>> 24)] ?? 0) ^
        (t[768 + (next & 0xff)] ?? 0) ^
        (t[512 + ((next >>> 8) & 0xff)] ?? 0) ^
        (t[256 + ((next >>> 16) & 0xff)] ?? 0) ^
        (t[next >>> 24] ?? 0)
    }
    for (; at < bytes.length; at++) value = (value >>> 8) ^ (t[(value ^ (bytes[at] ?? 0)) & 0xff] ?? 0)
    this.#value = value
  }

  /** 4 bytes, big-endian. */
  digest(): Buffer {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(~this.#value, 0)
    return bytes
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  )
}

function makeTable(): Int32Array {
  const made = new Int32Array(slices * 256)
  for (let byte = 0; byte < 256; byte++) {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ ((value & 1) === 1 ? polynomial : 0)
    made[byte] = value
  }
  for (let index = 256; index < slices * 256; index++) {
    const value = made[index - 256] ?? 0
    made[index] = (value >>> 8) ^ (made[value & 0xff] ?? 0)
  }
  return made
}
