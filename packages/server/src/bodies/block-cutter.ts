import type { Cutter } from '@torc/protocol/cutting/cutter'

/** A block to be: pieces that are views on what came in. */
export interface CutBlock {
  readonly pieces: readonly Uint8Array[]
  readonly size: number
}

/** Cuts a stream of pieces into the blocks that `cutter` says, without copying. Pure. */
export class BlockCutter {
  readonly #cutter: Cutter
  #pieces: Uint8Array[] = []
  #size = 0

  constructor(cutter: Cutter) {
    this.#cutter = cutter
  }

  /** Bytes that wait for the rest of their block. */
  get pendingBytes(): number {
    return this.#size
  }

  /**
   * Takes a piece in and yields the blocks that it completes; all of them must be taken. The next one is looked for
   * when it is asked for, so that a large piece is not gone through at one stretch.
   */
  *push(piece: Uint8Array): Generator<CutBlock, void, undefined> {
    let from = 0
    for (;;) {
      const end = this.#cutter.endOfBlock(piece, from)
      if (end === undefined) break
      this.#add(piece, from, end)
      from = end
      yield this.#close()
    }
    this.#add(piece, from, piece.length)
  }

  /** The last, shorter block; undefined when nothing waits. */
  finish(): CutBlock | undefined {
    return this.#size === 0 ? undefined : this.#close()
  }

  #add(piece: Uint8Array, from: number, end: number): void {
    if (from === end) return
    this.#pieces.push(piece.subarray(from, end))
    this.#size += end - from
  }

  #close(): CutBlock {
    const block = { pieces: this.#pieces, size: this.#size }
    this.#pieces = []
    this.#size = 0
    return block
  }
}
