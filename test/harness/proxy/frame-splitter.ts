/** Cuts a byte stream into whole frames, prefix included. Trusts lengths: it stands between Torc's own processes. */
export class FrameSplitter {
  #held: Uint8Array = new Uint8Array(0)

  /** Bytes of a frame that has begun. */
  get heldBytes(): number {
    return this.#held.length
  }

  *push(chunk: Uint8Array): Generator<Uint8Array> {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    let start = 0
    while (bytes.length - start >= 4) {
      const length = 4 + new DataView(bytes.buffer, bytes.byteOffset + start, 4).getUint32(0)
      if (bytes.length - start < length) break
      yield bytes.subarray(start, start + length)
      start += length
    }
    this.#held = bytes.subarray(start)
  }

  /** What came after the last whole frame. */
  rest(): Uint8Array {
    return this.#held
  }
}
