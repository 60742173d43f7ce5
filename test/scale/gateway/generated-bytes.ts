import { createCipheriv } from 'node:crypto'

const pieceBytes = 256 * 1024

/**
 * Bytes that look random, that no other place of the object has, and that need not be kept to be compared: the key
 * stream of a cipher, which begins anew at each part.
 */
export function* generatedPart(seed: Uint8Array, part: number, bytes: number): Generator<Buffer> {
  const iv = Buffer.alloc(16)
  iv.writeUInt32BE(part)
  const cipher = createCipheriv('aes-128-ctr', seed.subarray(0, 16), iv)
  const zeros = Buffer.alloc(pieceBytes)
  for (let left = bytes; left > 0; left -= pieceBytes)
    yield cipher.update(left < pieceBytes ? zeros.subarray(0, left) : zeros)
}

/** Compares what comes with what was generated, as it comes. */
export class Comparison {
  readonly #expected: Generator<Buffer>
  #rest: Buffer = Buffer.alloc(0)
  /** Bytes that were as expected. */
  bytes = 0

  constructor(seed: Uint8Array, bytes: number, partBytes: number) {
    this.#expected = generatedParts(seed, bytes, partBytes)
  }

  /** Throws where a byte differs, or is too much. */
  take(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; ) {
      if (this.#rest.length === 0) {
        const next = this.#expected.next()
        if (next.done === true) throw new Error(`there are more than the ${this.bytes} bytes that were sent`)
        this.#rest = next.value
      }
      const size = Math.min(this.#rest.length, piece.length - at)
      if (!this.#rest.subarray(0, size).equals(piece.subarray(at, at + size)))
        throw new Error(`bytes from ${this.bytes} on are not those that were sent`)
      this.#rest = this.#rest.subarray(size)
      this.bytes += size
      at += size
    }
  }
}

function* generatedParts(seed: Uint8Array, bytes: number, partBytes: number): Generator<Buffer> {
  for (let part = 0; part * partBytes < bytes; part++)
    yield* generatedPart(seed, part, Math.min(partBytes, bytes - part * partBytes))
}
