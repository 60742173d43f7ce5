import { type BlockShape, ContentCutter, upperBits } from '@torc/protocol/cutting/content-cutter'
import type { Cutter } from '@torc/protocol/cutting/cutter'
import { FixedCutter } from '@torc/protocol/cutting/fixed-cutter'
import { ExtremumCutter, MaximumCutter } from './extremum-cutters.js'

const kibibyte = 1024

/** A gear hash with sizes in KiB and masks of so many bits up to and beyond the normal size. */
function gear(min: number, normal: number, max: number, strict: number, loose: number): () => Cutter {
  const shape: BlockShape = {
    bytesMin: min * kibibyte,
    bytesNormal: normal * kibibyte,
    bytesMax: max * kibibyte,
    strictMask: upperBits(strict),
    looseMask: upperBits(loose),
  }
  return () => new ContentCutter(shape)
}

/** What was considered, each made for blocks of about 1 MiB on average. */
export const candidates: Readonly<Record<string, () => Cutter>> = {
  'fixed, 1 MiB': () => new FixedCutter(),
  'chosen: gear 640–768–2048 KiB, 20/18 bits': () => new ContentCutter(),
  'gear 256–4096 KiB, 20 bits': gear(256, 4096, 4096, 20, 20),
  'gear 256–1024–2048 KiB, 20/19 bits': gear(256, 1024, 2048, 20, 19),
  'gear 256–1024–4096 KiB, 21/18 bits': gear(256, 1024, 4096, 21, 18),
  'gear 256–1024–4096 KiB, 22/18 bits': gear(256, 1024, 4096, 22, 18),
  'gear 512–1024–4096 KiB, 20/18 bits': gear(512, 1024, 4096, 20, 18),
  'gear 640–1024–2048 KiB, 22/16 bits': gear(640, 1024, 2048, 22, 16),
  'AE, window 600 KiB': () => new ExtremumCutter(600 * kibibyte, 4096 * kibibyte),
  'RAM, window 320 KiB': () => new MaximumCutter(320 * kibibyte, 4096 * kibibyte),
}
