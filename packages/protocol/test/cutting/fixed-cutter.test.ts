import fc from 'fast-check'
import t from 'tap'
import { FixedCutter } from '../../src/cutting/fixed-cutter.js'
import { makeCutter } from '../../src/cutting/make-cutter.js'
import { endsOf, split } from '../support/cuts.js'

t.test('property: blocks of the size, the last one shorter, however the bytes arrive', async () => {
  const places = fc.array(fc.nat({ max: 300 }), { maxLength: 20 })
  fc.assert(
    fc.property(fc.nat({ max: 300 }), fc.integer({ min: 1, max: 40 }), places, (size, blockBytes, at) => {
      const ends = endsOf(new FixedCutter(blockBytes), split(new Uint8Array(size), at))
      const wanted = Array.from({ length: Math.ceil(size / blockBytes) }, (_, i) => (i + 1) * blockBytes)
      return ends.join() === wanted.map(end => Math.min(end, size)).join()
    }),
  )
})

t.test('a bucket’s cutter', async t => {
  const mebibyte = 1024 * 1024
  const bytes = new Uint8Array(3 * mebibyte)
  t.same(endsOf(makeCutter('fixed'), [bytes]), [mebibyte, 2 * mebibyte, 3 * mebibyte])
  t.same(endsOf(makeCutter('content'), [bytes]), [2 * mebibyte, 3 * mebibyte])
})
