import { TorcError } from '@torc/protocol/errors'

/** First and last byte of a part of an object, both inclusive. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

/**
 * What a client's range means for an object of `size` bytes: `[first, last?]`, a last beyond the end is cut, a
 * negative first asks for the last −first bytes. BAD_REQUEST when no byte of the object is in it.
 */
export function resolveRange(
  range: readonly [first: number, last?: number | undefined],
  size: number,
): ByteRange {
  const [wantedFirst, wantedLast] = range
  const first = wantedFirst < 0 ? Math.max(0, size + wantedFirst) : wantedFirst
  const last =
    wantedFirst < 0 || wantedLast === undefined || wantedLast < 0 ? size - 1 : Math.min(wantedLast, size - 1)
  if (first > last || !Number.isSafeInteger(first)) {
    throw new TorcError(
      'BAD_REQUEST',
      `the range ${wantedFirst}-${wantedLast ?? ''} has no byte of the object's ${size}`,
      {
        hint: 'Ask for a range inside the object.',
        details: { size, range: 'unsatisfiable' },
      },
    )
  }
  return { first, last }
}

/** A block that a range touches, and the part of it that is wanted. */
export interface BlockPart {
  readonly index: number
  /** Bytes of the block: from, up to (not including). */
  readonly from: number
  readonly to: number
}

/** The blocks that `range` touches, in order. */
export function partsOf(blockSizes: Iterable<number>, range: ByteRange): BlockPart[] {
  const parts: BlockPart[] = []
  let start = 0
  let index = 0
  for (const size of blockSizes) {
    const end = start + size
    if (start > range.last) break
    if (end > range.first) {
      parts.push({
        index,
        from: Math.max(0, range.first - start),
        to: Math.min(size, range.last + 1 - start),
      })
    }
    start = end
    index++
  }
  return parts
}
