const slabBytes = 32 * 1024
/** What is larger gets memory of its own, so that little of a slab is left unused. */
const sharedBytesMax = slabBytes / 4

/** Copies of frames that arrived in memory which is used again. Small ones, one after the other, share a slab. */
export class KeptBytes {
  #slab: Buffer | undefined
  #used = 0
  /** Where the last copy is. */
  buffer: Buffer = nothing
  start = 0
  end = 0

  /** Copies `[from, to)` of `source` to `[start, end)` of `buffer`. */
  keep(source: Buffer, from: number, to: number): void {
    const size = to - from
    if (size > sharedBytesMax) {
      this.buffer = Buffer.allocUnsafeSlow(size)
      this.start = 0
    } else {
      if (this.#slab === undefined || this.#used + size > slabBytes) {
        this.#slab = Buffer.allocUnsafeSlow(slabBytes)
        this.#used = 0
      }
      this.buffer = this.#slab
      this.start = this.#used
      this.#used += size
    }
    this.end = this.start + size
    source.copy(this.buffer, this.start, from, to)
  }

  /** Lets go of the last copy. */
  forget(): void {
    this.buffer = nothing
  }
}

const nothing = Buffer.alloc(0)
