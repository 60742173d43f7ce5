import type { Cutter } from './cutter.js'
import { gearTable } from './gear-table.js'

/** Bytes that the hash looks back on: older ones have been shifted out of its 32 bits. */
const windowBytes = 32

/** Between which sizes, and how readily, a block may end. */
export interface BlockShape {
  /** At least `windowBytes`. */
  readonly bytesMin: number
  /** Up to this size the strict mask counts, beyond it the loose one: sizes gather around it. */
  readonly bytesNormal: number
  readonly bytesMax: number
  /** A block may end where these bits of the hash are 0. The upper ones depend on the most bytes. */
  readonly strictMask: number
  /** Fewer bits of the strict mask: what cuts strictly cuts loosely too. */
  readonly looseMask: number
}

/** The upper `bits` bits of a 32-bit word. */
export function upperBits(bits: number): number {
  return -1 << (32 - bits)
}

/**
 * Cutting of buckets whose option is `content`: 1.0 MiB on average, and never so small that the block list of the
 * largest object outgrows its head. Never changes: contents would be cut elsewhere and share nothing with what is
 * stored (decision 15 has the measurements).
 */
export const contentShape: BlockShape = {
  bytesMin: 640 * 1024,
  bytesNormal: 768 * 1024,
  bytesMax: 2 * 1024 * 1024,
  strictMask: upperBits(20),
  looseMask: upperBits(18),
}

/**
 * Cuts where the content says so, so that after an insertion or deletion the same blocks follow: FastCDC (Xia et al.
 * 2016) with a gear hash of 32 bits and normalised sizes. The hash begins anew 32 bytes before the smallest size, and
 * what lies before is not looked at: whether a block may end at a byte is decided by the 32 bytes up to it alone.
 */
export class ContentCutter implements Cutter {
  readonly #shape: BlockShape
  /** Bytes of the open block so far. */
  #size = 0
  #hash = 0

  constructor(shape: BlockShape = contentShape) {
    this.#shape = shape
  }

  endOfBlock(piece: Uint8Array, from: number): number | undefined {
    const { bytesMin, bytesNormal, bytesMax, strictMask, looseMask } = this.#shape
    const { length } = piece
    // Where the block begins, counted in this piece: negative when that was in an earlier one.
    const start = from - this.#size
    let at = Math.max(from, start + bytesMin - windowBytes)
    if (at < length) {
      const table = gearTable
      let hash = this.#hash
      const warmEnd = Math.min(length, start + bytesMin - 1)
      for (; at < warmEnd; at++) hash = ((hash << 1) + (table[piece[at] as number] as number)) | 0
      const strictEnd = Math.min(length, start + bytesNormal)
      for (; at < strictEnd; at++) {
        hash = ((hash << 1) + (table[piece[at] as number] as number)) | 0
        if ((hash & strictMask) === 0) return this.#close(at + 1)
      }
      const looseEnd = Math.min(length, start + bytesMax)
      for (; at < looseEnd; at++) {
        hash = ((hash << 1) + (table[piece[at] as number] as number)) | 0
        if ((hash & looseMask) === 0) return this.#close(at + 1)
      }
      if (at - start === bytesMax) return this.#close(at)
      this.#hash = hash
    }
    this.#size = length - start
    return undefined
  }

  #close(end: number): number {
    this.#size = 0
    this.#hash = 0
    return end
  }
}
