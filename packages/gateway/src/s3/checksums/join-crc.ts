/** A part's CRC (big-endian) and how many bytes it is of. */
export interface PartCrc {
  readonly crc: Uint8Array
  readonly size: number
}

/**
 * The CRC of parts one after the other, of those of the parts: each is shifted by the bytes that follow it, which is a
 * multiplication by x^(8·bytes) modulo the (reflected) polynomial. Parts of one size share that factor.
 */
export function joinCrcs(parts: readonly PartCrc[], polynomial: bigint): Buffer {
  const [first] = parts
  const bits = BigInt((first?.crc.length ?? 0) * 8)
  const field = new ReflectedField(polynomial, bits)
  const factors = new Map<number, bigint>()
  let joined = 0n
  for (const { crc, size } of parts) {
    let factor = factors.get(size)
    if (factor === undefined) {
      factor = field.powerOfX(BigInt(size) * 8n)
      factors.set(size, factor)
    }
    joined = field.multiply(joined, factor) ^ BigInt(`0x${Buffer.from(crc).toString('hex') || '0'}`)
  }
  return Buffer.from(joined.toString(16).padStart(Number(bits) / 4, '0'), 'hex')
}

/** Polynomials over GF(2) modulo another, with the coefficient of x^0 in the highest bit. */
class ReflectedField {
  readonly #polynomial: bigint
  /** x^0. */
  readonly #one: bigint

  constructor(polynomial: bigint, bits: bigint) {
    this.#polynomial = polynomial
    this.#one = 1n << (bits - 1n)
  }

  multiply(a: bigint, b: bigint): bigint {
    let product = 0n
    let shifted = b
    for (let mask = this.#one; mask > 0n; mask >>= 1n) {
      if ((a & mask) !== 0n) product ^= shifted
      shifted = (shifted & 1n) === 1n ? (shifted >> 1n) ^ this.#polynomial : shifted >> 1n
    }
    return product
  }

  powerOfX(exponent: bigint): bigint {
    let power = this.#one
    let square = this.#one >> 1n
    for (let left = exponent; left > 0n; left >>= 1n) {
      if ((left & 1n) === 1n) power = this.multiply(power, square)
      square = this.multiply(square, square)
    }
    return power
  }
}
