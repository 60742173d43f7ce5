const firstBytes = 1024

/**
 * An incomplete frame, gathered in one buffer that grows with what has come: a peer that announces a large frame and
 * sends little makes no room but for what it sent.
 */
export class Assembly {
  #buffer: Buffer = nothing
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  /** Copies `[from, to)` of `chunk` behind what is there; the whole has `wholeBytes` in the end. */
  add(chunk: Buffer, from: number, to: number, wholeBytes: number): void {
    const bytes = this.#bytes + to - from
    if (bytes > this.#buffer.length) {
      const room = Math.min(wholeBytes, Math.max(firstBytes, bytes, this.#buffer.length * 2))
      const larger = Buffer.allocUnsafeSlow(room)
      this.#buffer.copy(larger, 0, 0, this.#bytes)
      this.#buffer = larger
    }
    chunk.copy(this.#buffer, this.#bytes, from, to)
    this.#bytes = bytes
  }

  /** What was gathered; the next frame begins anew. */
  take(): Buffer {
    const whole = this.#buffer.subarray(0, this.#bytes)
    this.clear()
    return whole
  }

  clear(): void {
    this.#buffer = nothing
    this.#bytes = 0
  }
}

const nothing = Buffer.alloc(0)
