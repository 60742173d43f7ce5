import { ContentCutter } from '@torc/protocol/cutting/content-cutter'
import { FixedCutter } from '@torc/protocol/cutting/fixed-cutter'
import { unleased } from '@torc/protocol/frames/lease'
import fc from 'fast-check'
import t from 'tap'
import { BlockCutter, type CutBlock } from '../../src/bodies/block-cutter.js'

const shape = { bytesMin: 32, bytesNormal: 40, bytesMax: 90, strictMask: -1 << 27, looseMask: -1 << 29 }

const bytesOf = (block: CutBlock): Buffer => Buffer.concat(block.leases.map(({ bytes }) => bytes))

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
      const blocks = given.flatMap(piece => [...cutter.push(unleased(piece))])
      if (cutter.pendingBytes >= max) return false
      if (blocks.some(block => block.size < min || block.size > max)) return false
      const last = cutter.finish()
      if (last !== undefined) blocks.push(last)
      if (blocks.some(block => bytesOf(block).length !== block.size)) return false
      const joined = Buffer.concat(blocks.map(bytesOf))
      return joined.equals(Buffer.concat(given)) && cutter.finish() === undefined
    }),
  )
})

t.test('copies nothing', async t => {
  const piece = new Uint8Array(10)
  const [block] = new BlockCutter(new FixedCutter(4)).push(unleased(piece))
  t.equal(block?.leases[0]?.bytes.buffer, piece.buffer)
})

t.test('looks for a block when it is asked for', async t => {
  const asked: number[] = []
  const endOfBlock = (piece: Uint8Array, from: number): number | undefined => {
    asked.push(from)
    return from + 4 <= piece.length ? from + 4 : undefined
  }
  const blocks = new BlockCutter({ endOfBlock }).push(unleased(new Uint8Array(10)))
  blocks.next()
  t.strictSame(asked, [0])
  blocks.next()
  t.strictSame(asked, [0, 4])
})

t.test('a piece is given back when all blocks that have a part of it are', async t => {
  let released = 0
  const piece = { bytes: new Uint8Array(10), release: () => void released++ }
  const cutter = new BlockCutter(new FixedCutter(4))
  const blocks = [...cutter.push(piece)]
  const last = cutter.finish()
  if (last !== undefined) blocks.push(last)
  t.equal(blocks.length, 3)
  for (const block of blocks) {
    t.equal(released, 0)
    for (const lease of block.leases) lease.release()
    for (const lease of block.leases) lease.release()
  }
  t.equal(released, 1)
})
