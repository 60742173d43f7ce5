/** A chunk smaller than this is copied behind the one before it; a view would cost more than its bytes. */
const smallPieceBytes = 1024
const tailBytes = 16 * 1024

/**
 * The pieces of an incomplete frame. Chunks are kept as views, but a peer that sends byte by byte must not
 * make a view (a hundred bytes of bookkeeping) of each: small chunks gather in a buffer.
 */
export class PieceList {
  #pieces: Uint8Array[] = []
  #bytes = 0
  /** The buffer that small chunks gather in; its used part is not in `#pieces` yet. */
  #tail: Buffer | undefined
  #tailUsed = 0

  get bytes(): number {
    return this.#bytes
  }

  /** Adds a chunk; `missing` bytes are expected in all, itself included. */
  push(chunk: Uint8Array, missing: number): void {
    this.#bytes += chunk.length
    if (chunk.length >= smallPieceBytes) {
      this.#closeTail()
      this.#pieces.push(chunk)
      return
    }
    let copied = 0
    while (copied < chunk.length) {
      this.#tail ??= Buffer.allocUnsafeSlow(Math.min(tailBytes, missing - copied))
      const take = Math.min(chunk.length - copied, this.#tail.length - this.#tailUsed)
      this.#tail.set(chunk.subarray(copied, copied + take), this.#tailUsed)
      this.#tailUsed += take
      copied += take
      if (this.#tailUsed === this.#tail.length) this.#closeTail()
    }
  }

  #closeTail(): void {
    if (this.#tail !== undefined && this.#tailUsed > 0)
      this.#pieces.push(this.#tail.subarray(0, this.#tailUsed))
    this.#tail = undefined
    this.#tailUsed = 0
  }

  /** All pieces in order; the list begins anew. */
  take(): Uint8Array[] {
    this.#closeTail()
    const pieces = this.#pieces
    this.clear()
    return pieces
  }

  clear(): void {
    this.#pieces = []
    this.#bytes = 0
    this.#tail = undefined
    this.#tailUsed = 0
  }
}
