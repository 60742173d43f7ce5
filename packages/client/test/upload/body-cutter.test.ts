import { randomBytes } from 'node:crypto'
import { ContentCutter, upperBits } from '@torc/protocol/cutting/content-cutter'
import type { Cutter } from '@torc/protocol/cutting/cutter'
import { FixedCutter } from '@torc/protocol/cutting/fixed-cutter'
import { systemHasher } from '@torc/protocol/environment/system'
import fc from 'fast-check'
import t from 'tap'
import { type BodyBlock, BodyCutter } from '../../src/upload/body-cutter.js'

const shape = {
  bytesMin: 40,
  bytesNormal: 64,
  bytesMax: 200,
  strictMask: upperBits(7),
  looseMask: upperBits(5),
}

function cut(cutter: Cutter, pieces: readonly Uint8Array[]): { blocks: BodyBlock[]; sha256: Uint8Array } {
  const body = new BodyCutter(cutter, systemHasher)
  const blocks = pieces.flatMap(piece => [...body.push(piece)])
  const last = body.finish()
  return { blocks: last === undefined ? blocks : [...blocks, last], sha256: body.sha256() }
}

t.test('property: blocks are the body, each under its hash, however the pieces come', async () => {
  const bytes = randomBytes(2000)
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 2000 }), { maxLength: 12 }),
      fc.constantFrom(
        () => new ContentCutter(shape),
        () => new FixedCutter(100),
      ),
      (places, make) => {
        const at = [0, ...places.sort((a, b) => a - b), bytes.length]
        const pieces = at.slice(1).map((end, i) => bytes.subarray(at[i], end))
        const { blocks, sha256 } = cut(make(), pieces)
        const whole = Buffer.concat(blocks.flatMap(block => block.pieces))
        const right = blocks.every(
          ({ hash, pieces: own, size }) =>
            Buffer.compare(hash, systemHasher.sha256(...own)) === 0 &&
            own.reduce((sum, piece) => sum + piece.length, 0) === size,
        )
        const [inOne] = [cut(make(), [bytes]).blocks]
        const same =
          inOne.length === blocks.length &&
          inOne.every(({ hash }, i) => Buffer.compare(hash, blocks[i]?.hash ?? bytes) === 0)
        return (
          whole.equals(bytes) && right && same && Buffer.compare(sha256, systemHasher.sha256(bytes)) === 0
        )
      },
    ),
  )
})

t.test('the hash is of what came, whatever becomes of the memory', async t => {
  const piece = Buffer.alloc(150, 1)
  const body = new BodyCutter(new FixedCutter(100), systemHasher)
  const [first] = [...body.push(piece)]
  piece.fill(2)
  const last = body.finish()
  t.same(first?.hash, systemHasher.sha256(Buffer.alloc(100, 1)))
  t.same(last?.hash, systemHasher.sha256(Buffer.alloc(50, 1)))
  t.equal(body.finish(), undefined)
})
