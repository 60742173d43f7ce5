import { TorcError } from '@torc/protocol/errors'

/** Most owners that a partition has: places of collectors among them. */
const places = 64
/** Collection numbers are 32 bits: they are part of ballots. */
const numberMax = 0xffff_ffff

/**
 * The next collection number of a partition, above `highest`. It is the collector's own: its place among the owners is
 * part of it, so that two collectors never raise a partition to the same number (decision 32 says what would be lost).
 */
export function nextCollectionNumber(highest: number, place: number): number {
  if (place < 0 || place >= places) throw new TorcError('INTERNAL', `no owner has place ${place}`)
  const next = (Math.floor(highest / places) + 1) * places + place
  // After 67 million collections of one partition.
  if (next > numberMax) throw new TorcError('INTERNAL', 'the collection numbers of a partition are used up')
  return next
}
