import { type BlockShape, upperBits } from '../../src/cutting/content-cutter.js'
import type { Cutter } from '../../src/cutting/cutter.js'
import { gearTable } from '../../src/cutting/gear-table.js'

/** Small enough for many blocks in a few thousand bytes. */
export const smallShape: BlockShape = {
  bytesMin: 40,
  bytesNormal: 64,
  bytesMax: 200,
  strictMask: upperBits(7),
  looseMask: upperBits(5),
}

/** Where the blocks of a stream end, the last one with it. */
export function endsOf(cutter: Cutter, pieces: Iterable<Uint8Array>): number[] {
  const ends: number[] = []
  let before = 0
  for (const piece of pieces) {
    let from = 0
    for (;;) {
      const end = cutter.endOfBlock(piece, from)
      if (end === undefined) break
      ends.push(before + end)
      from = end
    }
    before += piece.length
  }
  if (before > (ends.at(-1) ?? 0)) ends.push(before)
  return ends
}

export function sizesOf(ends: readonly number[]): number[] {
  return ends.map((end, i) => end - (ends[i - 1] ?? 0))
}

/** The bytes in pieces that end at `at`, in order. */
export function split(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let from = 0
  for (const end of [...at].sort((a, b) => a - b)) {
    pieces.push(bytes.subarray(from, Math.max(from, Math.min(end, bytes.length))))
    from = Math.max(from, Math.min(end, bytes.length))
  }
  pieces.push(bytes.subarray(from))
  return pieces
}

/** Where content is cut, by the definition: the hash of each place from the 32 bytes up to it. */
export function definedEnds(bytes: Uint8Array, shape: BlockShape): number[] {
  const ends: number[] = []
  let start = 0
  while (start < bytes.length) {
    let size = shape.bytesMin
    while (size < shape.bytesMax && start + size < bytes.length) {
      const mask = size <= shape.bytesNormal ? shape.strictMask : shape.looseMask
      if ((hashUpTo(bytes, start + size) & mask) === 0) break
      size++
    }
    start = Math.min(bytes.length, start + size)
    ends.push(start)
  }
  return ends
}

function hashUpTo(bytes: Uint8Array, end: number): number {
  let sum = 0
  for (let back = 0; back < 32; back++) {
    const byte = bytes[end - 1 - back] ?? Number.NaN
    sum = (sum + ((gearTable[byte] ?? 0) << back)) | 0
  }
  return sum
}
