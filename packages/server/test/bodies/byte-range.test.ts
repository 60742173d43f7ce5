import fc from 'fast-check'
import t from 'tap'
import { partsOf, resolveRange } from '../../src/bodies/byte-range.js'
import { bytesOf, slicePieces } from '../../src/bodies/pieces.js'

t.test('ranges', async t => {
  t.strictSame(resolveRange([2, 5], 10), { first: 2, last: 5 })
  t.strictSame(resolveRange([2], 10), { first: 2, last: 9 })
  t.strictSame(resolveRange([2, -1], 10), { first: 2, last: 9 })
  t.strictSame(resolveRange([2, 100], 10), { first: 2, last: 9 })
  t.strictSame(resolveRange([-3], 10), { first: 7, last: 9 })
  t.strictSame(resolveRange([-30, -1], 10), { first: 0, last: 9 })
  for (const [range, size] of [
    [[10], 10],
    [[5, 4], 10],
    [[0], 0],
    [[-1], 0],
  ] as const) {
    t.throws(() => resolveRange(range as [number], size), { code: 'BAD_REQUEST', details: { size } })
  }
})

t.test('property: the parts of blocks are the range', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), (blockSizes, a, b) => {
      const blocks = blockSizes.map((size, index) => new Uint8Array(size).fill(index))
      const whole = Buffer.concat(blocks)
      const first = a % whole.length
      const range = resolveRange([first, first + (b % (2 * whole.length))], whole.length)
      const parts = partsOf(blockSizes, range)
      const got = parts.flatMap(({ index, from, to }) =>
        slicePieces([blocks[index] ?? new Uint8Array()], from, to),
      )
      return (
        Buffer.concat(got).equals(whole.subarray(range.first, range.last + 1)) &&
        parts.every(p => p.from < p.to)
      )
    }),
  )
})

t.test('property: slices of pieces', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 6 }), { maxLength: 6 }),
      fc.nat(40),
      fc.nat(40),
      (pieces, from, to) => {
        const whole = Buffer.concat(pieces)
        return Buffer.concat(slicePieces(pieces, from, to)).equals(whole.subarray(from, Math.max(from, to)))
      },
    ),
  )
  t.equal(bytesOf([new Uint8Array(3), new Uint8Array(4)]), 7)
})
