import type { Cutter } from '@torc/protocol/cutting/cutter'

/**
 * Asymmetric extremum (Zhang et al., INFOCOM 2015) over the last four bytes of each place as one number: a block ends
 * where no number of the `windowBytes` behind the greatest one so far is greater. Nothing can be skipped.
 */
export class ExtremumCutter implements Cutter {
  readonly #windowBytes: number
  readonly #bytesMax: number
  #size = 0
  #value = 0
  #greatest = -1
  #greatestAt = 0

  constructor(windowBytes: number, bytesMax: number) {
    this.#windowBytes = windowBytes
    this.#bytesMax = bytesMax
  }

  endOfBlock(piece: Uint8Array, from: number): number | undefined {
    const start = from - this.#size
    const end = Math.min(piece.length, start + this.#bytesMax)
    const windowBytes = this.#windowBytes
    let value = this.#value
    let greatest = this.#greatest
    let greatestAt = this.#greatestAt + start
    for (let at = from; at < end; at++) {
      value = ((value << 8) | (piece[at] as number)) >>> 0
      if (value > greatest) {
        greatest = value
        greatestAt = at
      } else if (at - greatestAt >= windowBytes) return this.#close(at + 1)
    }
    if (end - start === this.#bytesMax) return this.#close(end)
    this.#value = value
    this.#greatest = greatest
    this.#greatestAt = greatestAt - start
    this.#size = end - start
    return undefined
  }

  #close(end: number): number {
    this.#size = 0
    this.#value = 0
    this.#greatest = -1
    this.#greatestAt = 0
    return end
  }
}

/**
 * Rapid asymmetric maximum (Widodo et al. 2017) over the same numbers: a block ends where one is at least as great as
 * all of its first `windowBytes`.
 */
export class MaximumCutter implements Cutter {
  readonly #windowBytes: number
  readonly #bytesMax: number
  #size = 0
  #value = 0
  #greatest = 0

  constructor(windowBytes: number, bytesMax: number) {
    this.#windowBytes = windowBytes
    this.#bytesMax = bytesMax
  }

  endOfBlock(piece: Uint8Array, from: number): number | undefined {
    const start = from - this.#size
    const windowEnd = Math.min(piece.length, start + this.#windowBytes)
    const end = Math.min(piece.length, start + this.#bytesMax)
    let value = this.#value
    let greatest = this.#greatest
    let at = from
    for (; at < windowEnd; at++) {
      value = ((value << 8) | (piece[at] as number)) >>> 0
      if (value > greatest) greatest = value
    }
    for (; at < end; at++) {
      value = ((value << 8) | (piece[at] as number)) >>> 0
      if (value >= greatest) return this.#close(at + 1)
    }
    if (end - start === this.#bytesMax) return this.#close(end)
    this.#value = value
    this.#greatest = greatest
    this.#size = end - start
    return undefined
  }

  #close(end: number): number {
    this.#size = 0
    this.#value = 0
    this.#greatest = 0
    return end
  }
}
