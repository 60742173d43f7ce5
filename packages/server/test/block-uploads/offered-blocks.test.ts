import t from 'tap'
import { committedBlocks, offeredBlocks, partsOf } from '../../src/block-uploads/offered-blocks.js'

t.test('hashes and sizes belong together', async t => {
  const hashes = Buffer.concat([Buffer.alloc(32, 1), Buffer.alloc(32, 2)])
  t.strictSame(offeredBlocks(hashes, [10, 20]), [
    { hash: Buffer.alloc(32, 1), size: 10 },
    { hash: Buffer.alloc(32, 2), size: 20 },
  ])
  t.strictSame(offeredBlocks(new Uint8Array(), []), [])
  t.throws(() => offeredBlocks(hashes, [10]), { code: 'BAD_REQUEST' })
  t.throws(() => offeredBlocks(hashes.subarray(1), [10, 20]), { code: 'BAD_REQUEST' })
  t.throws(() => partsOf(hashes, 3, 'proofs'), { code: 'BAD_REQUEST', message: /proofs/ })
})

t.test('the list of a commit', async t => {
  const entry = Buffer.concat([Buffer.alloc(32, 1), Buffer.of(0, 16, 0, 0), Buffer.alloc(16, 5)])
  const other = Buffer.concat([Buffer.alloc(32, 2), Buffer.of(0, 0, 0, 7), Buffer.alloc(16, 6)])
  t.strictSame(committedBlocks(Buffer.concat([entry, other])), [
    { hash: Buffer.alloc(32, 1), size: 1_048_576, receipt: Buffer.alloc(16, 5) },
    { hash: Buffer.alloc(32, 2), size: 7, receipt: Buffer.alloc(16, 6) },
  ])
  t.throws(() => committedBlocks(entry.subarray(1)), { code: 'BAD_REQUEST' })
  t.throws(() => committedBlocks(new Uint8Array()), { code: 'BAD_REQUEST' })
})
