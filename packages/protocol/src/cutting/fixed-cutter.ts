import { limits } from '../limits.js'
import type { Cutter } from './cutter.js'

/** Blocks of one size, the last one shorter. */
export class FixedCutter implements Cutter {
  readonly #blockBytes: number
  /** Bytes of the open block so far. */
  #size = 0

  constructor(blockBytes: number = limits.blockBytes) {
    this.#blockBytes = blockBytes
  }

  endOfBlock(piece: Uint8Array, from: number): number | undefined {
    const end = from + this.#blockBytes - this.#size
    if (end <= piece.length) {
      this.#size = 0
      return end
    }
    this.#size += piece.length - from
    return undefined
  }
}
