import fc from 'fast-check'
import t from 'tap'
import { BlockCutter } from '../../src/bodies/block-cutter.js'

t.test('property: blocks of the size, the last one shorter, nothing lost', async () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 })
  fc.assert(
    fc.property(pieces, fc.integer({ min: 1, max: 30 }), (given, blockBytes) => {
      const cutter = new BlockCutter(blockBytes)
      const blocks = given.flatMap(piece => cutter.push(piece))
      if (cutter.pendingBytes >= blockBytes) return false
      if (blocks.some(block => block.size !== blockBytes)) return false
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
  const [block] = new BlockCutter(4).push(piece)
  t.equal(block?.pieces[0]?.buffer, piece.buffer)
})
