import type { Cutting } from '../store/object-store.js'
import { ContentCutter } from './content-cutter.js'
import type { Cutter } from './cutter.js'
import { FixedCutter } from './fixed-cutter.js'

/** A cutter for one body of a bucket that cuts so. Clients that offer hashes must cut as the bucket does. */
export function makeCutter(cutting: Cutting): Cutter {
  return cutting === 'content' ? new ContentCutter() : new FixedCutter()
}
