/** A block to be: pieces that are views on what came in. */
export interface CutBlock {
  readonly pieces: readonly Uint8Array[]
  readonly size: number
}

/** Cuts a stream of pieces into blocks of a fixed size, without copying. Pure. */
export class BlockCutter {
  readonly #blockBytes: number
  #pieces: Uint8Array[] = []
  #size = 0

  constructor(blockBytes: number) {
    this.#blockBytes = blockBytes
  }

  /** Bytes that wait for the rest of their block. */
  get pendingBytes(): number {
    return this.#size
  }

  /** Takes a piece in and returns the blocks that it completes. */
  push(piece: Uint8Array): CutBlock[] {
    const complete: CutBlock[] = []
    let rest = piece
    while (this.#size + rest.length >= this.#blockBytes) {
      const room = this.#blockBytes - this.#size
      complete.push(this.#close(room > 0 ? rest.subarray(0, room) : undefined))
      rest = rest.subarray(room)
    }
    if (rest.length > 0) {
      this.#pieces.push(rest)
      this.#size += rest.length
    }
    return complete
  }

  /** The last, shorter block; undefined when nothing waits. */
  finish(): CutBlock | undefined {
    return this.#size === 0 ? undefined : this.#close(undefined)
  }

  #close(last: Uint8Array | undefined): CutBlock {
    if (last !== undefined) this.#pieces.push(last)
    const block = { pieces: this.#pieces, size: this.#size + (last?.length ?? 0) }
    this.#pieces = []
    this.#size = 0
    return block
  }
}
