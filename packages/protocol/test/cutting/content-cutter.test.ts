import fc from 'fast-check'
import t from 'tap'
import { ContentCutter, contentShape } from '../../src/cutting/content-cutter.js'
import { systemHasher } from '../../src/environment/system.js'
import { limits } from '../../src/limits.js'
import { definedEnds, endsOf, sizesOf, smallShape, split } from '../support/cuts.js'
import { noise } from '../support/noise.js'

const mebibyte = 1024 * 1024

function endsOfContent(...pieces: Uint8Array[]): number[] {
  return endsOf(new ContentCutter(), pieces)
}

t.test('golden cuts: they never change, or nothing new would be shared with what is stored', async t => {
  t.same(
    endsOfContent(noise(16 * mebibyte)),
    [
      806_291, 2_713_639, 3_597_970, 4_715_832, 5_524_957, 6_212_947, 7_206_959, 8_059_068, 8_917_318,
      9_993_407, 10_710_978, 11_383_475, 12_398_727, 13_461_134, 14_758_799, 16_027_158, 16_777_216,
    ],
  )
  const text = Buffer.from(Array.from({ length: 400_000 }, (_, i) => `${i} torc\n`).join(''))
  t.same(endsOfContent(text), [827_961, 1_638_096, 2_570_084, 3_575_662, 4_557_434, 4_688_890])
})

t.test('property: cut as defined, however the bytes arrive', async () => {
  const places = fc.array(fc.nat({ max: 4000 }), { maxLength: 30 })
  const contents = fc.oneof(
    fc.tuple(fc.integer({ min: 1 }), fc.nat({ max: 4000 })).map(([seed, size]) => noise(size, seed)),
    fc.uint8Array({ maxLength: 2000, size: 'max' }),
    fc.array(fc.constantFrom(0, 1), { maxLength: 2000, size: 'max' }).map(bits => Uint8Array.from(bits)),
  )
  fc.assert(
    fc.property(contents, places, (bytes, at) => {
      const ends = endsOf(new ContentCutter(smallShape), split(bytes, at))
      return ends.join() === definedEnds(bytes, smallShape).join()
    }),
  )
})

t.test('property: blocks of allowed sizes, which together are the whole', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 1 }), fc.integer({ min: 1, max: 20_000 }), (seed, size) => {
      const ends = endsOf(new ContentCutter(smallShape), [noise(size, seed)])
      const sizes = sizesOf(ends)
      const last = sizes.pop() ?? 0
      if (ends.at(-1) !== size || last < 1 || last > smallShape.bytesMax) return false
      return sizes.every(one => one >= smallShape.bytesMin && one <= smallShape.bytesMax)
    }),
  )
})

t.test('property: some blocks behind a change the cuts are the same again', async () => {
  const size = 40_000
  const change = fc.record({
    seed: fc.integer({ min: 1 }),
    at: fc.nat({ max: size / 2 }),
    removed: fc.nat({ max: 300 }),
    inserted: fc.uint8Array({ maxLength: 300, size: 'max' }),
  })
  fc.assert(
    fc.property(change, ({ seed, at, removed, inserted }) => {
      const before = noise(size, seed)
      const after = Buffer.concat([before.subarray(0, at), inserted, before.subarray(at + removed)])
      const cut = endsOf(new ContentCutter(smallShape), [before])
      const cutAfter = endsOf(new ContentCutter(smallShape), [after])
      const shift = inserted.length - removed
      const untouched = cut.filter(end => end <= at)
      if (untouched.some((end, i) => cutAfter[i] !== end)) return false
      const behind = cut.filter(end => end > size * 0.9).map(end => end + shift)
      return cutAfter.filter(end => end > size * 0.9 + shift).join() === behind.join()
    }),
  )
})

t.test('blocks of the shape that buckets use', async t => {
  const sizes = sizesOf(endsOfContent(noise(48 * mebibyte, 7))).slice(0, -1)
  const mean = sizes.reduce((a, b) => a + b, 0) / sizes.length
  t.ok(mean > 0.85 * mebibyte && mean < 1.15 * mebibyte, `${mean} bytes on average`)
  t.ok(Math.min(...sizes) >= contentShape.bytesMin)
  t.ok(Math.max(...sizes) <= contentShape.bytesMax)
  t.ok(contentShape.bytesMax <= limits.blockBytesMax)
})

t.test('contents without places to cut are cut at the largest size', async t => {
  t.same(endsOfContent(new Uint8Array(5 * mebibyte)), [2 * mebibyte, 4 * mebibyte, 5 * mebibyte])
  t.same(endsOfContent(), [])
  t.same(endsOfContent(new Uint8Array(0), new Uint8Array(1)), [1])
})

t.test('an insertion of 100 bytes changes a block or two of 48', async t => {
  const bytes = noise(48 * mebibyte, 3)
  const middle = 24 * mebibyte
  const changed = Buffer.concat([bytes.subarray(0, middle), noise(100, 4), bytes.subarray(middle)])
  const hashes = (whole: Uint8Array): string[] => {
    const ends = endsOfContent(whole)
    return ends.map((end, i) =>
      Buffer.from(systemHasher.sha256(whole.subarray(ends[i - 1] ?? 0, end))).toString('hex'),
    )
  }
  const known = new Set(hashes(bytes))
  const fresh = hashes(changed).filter(hash => !known.has(hash)).length
  t.ok(fresh >= 1 && fresh <= 2, `${fresh} blocks`)
})
