import { ContentCutter } from '@torc/protocol/cutting/content-cutter'
import { FixedCutter } from '@torc/protocol/cutting/fixed-cutter'
import fc from 'fast-check'
import t from 'tap'
import { BlockCutter } from '../../src/bodies/block-cutter.js'

const shape = { bytesMin: 32, bytesNormal: 40, bytesMax: 90, strictMask: -1 << 27, looseMask: -1 << 29 }

t.test('property: blocks as the cutter says, nothing lost', async () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 20 })
  const makes = fc.oneof(
    fc
      .integer({ min: 1, max: 30 })
      .map(size => ({ min: size, max: size, make: () => new FixedCutter(size) })),
    fc.constant({ min: shape.bytesMin, max: shape.bytesMax, make: () => new ContentCutter(shape) }),
  )
  fc.assert(
    fc.property(pieces, makes, (given, { min, max, make }) => {
      const cutter = new BlockCutter(make())
      const blocks = given.flatMap(piece => [...cutter.push(piece)])
      if (cutter.pendingBytes >= max) return false
      if (blocks.some(block => block.size < min || block.size > max)) return false
      const last = cutter.finish()
      if (last !== undefined) blocks.push(last)
      if (blocks.some(block => block.pieces.reduce((sum, piece) => sum + piece.length, 0) !== block.size))
        return false
      const joined = Buffer.concat(blocks.flatMap(block => block.pieces))
      return joined.equals(Buffer.concat(given)) && cutter.finish() === undefined
    }),
  )
})

t.test('copies nothing', async t => {
  const piece = new Uint8Array(10)
  const [block] = new BlockCutter(new FixedCutter(4)).push(piece)
  t.equal(block?.pieces[0]?.buffer, piece.buffer)
})

t.test('looks for a block when it is asked for', async t => {
  const asked: number[] = []
  const endOfBlock = (piece: Uint8Array, from: number): number | undefined => {
    asked.push(from)
    return from + 4 <= piece.length ? from + 4 : undefined
  }
  const blocks = new BlockCutter({ endOfBlock }).push(new Uint8Array(10))
  blocks.next()
  t.strictSame(asked, [0])
  blocks.next()
  t.strictSame(asked, [0, 4])
})
