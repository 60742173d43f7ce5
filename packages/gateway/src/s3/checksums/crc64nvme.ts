/** x^64 + … of NVM Express, reflected; as two halves, because numbers hold 53 bits. */
const polynomialHigh = 0x9a6c9329
const polynomialLow = 0xac4bc9b5

/** Slices of 8 bytes at once. */
const slices = 8

interface Tables {
  readonly high: Uint32Array
  readonly low: Uint32Array
}

const tables: Tables = makeTables()

/** CRC-64/NVME: reflected, begins and ends with all bits set. */
export class Crc64Nvme {
  #high = 0xffffffff
  #low = 0xffffffff

  update(bytes: Uint8Array): void {
    const { high: tableHigh, low: tableLow } = tables
    let high = this.#high
    let low = this.#low
    let at = 0
    const whole = bytes.length - (bytes.length % slices)
    while (at < whole) {
      low ^= word(bytes, at)
      high ^= word(bytes, at + 4)
      let nextHigh = 0
      let nextLow = 0
      for (let byte = 0; byte < 4; byte++) {
        const a = (7 - byte) * 256 + ((low >>> (8 * byte)) & 0xff)
        const b = (3 - byte) * 256 + ((high >>> (8 * byte)) & 0xff)
        nextHigh ^= (tableHigh[a] ?? 0) ^ (tableHigh[b] ?? 0)
        nextLow ^= (tableLow[a] ?? 0) ^ (tableLow[b] ?? 0)
      }
      high = nextHigh
      low = nextLow
      at += slices
    }
    for (; at < bytes.length; at++) {
      const index = (low ^ (bytes[at] ?? 0)) & 0xff
      low = ((low >>> 8) | (high << 24)) ^ (tableLow[index] ?? 0)
      high = (high >>> 8) ^ (tableHigh[index] ?? 0)
    }
    this.#high = high
    this.#low = low
  }

  /** 8 bytes, big-endian. */
  digest(): Buffer {
    const bytes = Buffer.alloc(8)
    bytes.writeUInt32BE(~this.#high >>> 0, 0)
    bytes.writeUInt32BE(~this.#low >>> 0, 4)
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

function makeTables(): Tables {
  const high = new Uint32Array(slices * 256)
  const low = new Uint32Array(slices * 256)
  for (let byte = 0; byte < 256; byte++) {
    let h = 0
    let l = byte
    for (let bit = 0; bit < 8; bit++) {
      const carry = l & 1
      l = (l >>> 1) | (h << 31)
      h >>>= 1
      if (carry === 1) {
        l ^= polynomialLow
        h ^= polynomialHigh
      }
    }
    high[byte] = h
    low[byte] = l
  }
  for (let index = 256; index < slices * 256; index++) {
    const h = high[index - 256] ?? 0
    const l = low[index - 256] ?? 0
    high[index] = (h >>> 8) ^ (high[l & 0xff] ?? 0)
    low[index] = ((l >>> 8) | (h << 24)) ^ (low[l & 0xff] ?? 0)
  }
  return { high, low }
}
