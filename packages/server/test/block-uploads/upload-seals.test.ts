import t from 'tap'
import { type UploadName, UploadSeals } from '../../src/block-uploads/upload-seals.js'

const seals = new UploadSeals(Buffer.alloc(32, 9))
const name: UploadName = { bucketId: Buffer.alloc(16, 1), key: 'a/b', opId: Buffer.alloc(16, 2) }
const hash = Buffer.alloc(32, 3)
const origins = [
  { sent: true, had: false },
  { sent: true, had: true },
  { sent: false, had: true },
]

const others: readonly UploadName[] = [
  { ...name, bucketId: Buffer.alloc(16, 7) },
  { ...name, key: 'a/c' },
  { ...name, key: 'a/b\u0001' },
  { ...name, opId: Buffer.alloc(16, 7) },
]

t.test('a receipt tells how the block came', async t => {
  for (const origin of origins)
    t.strictSame(seals.verify(name, hash, 1000, seals.receipt(name, hash, 1000, origin)), origin)
})

t.test('receipts of anything else are none', async t => {
  const receipt = seals.receipt(name, hash, 1000, { sent: true, had: false })
  t.equal(receipt.length, 16)
  for (const other of others) t.equal(seals.verify(other, hash, 1000, receipt), undefined)
  t.equal(seals.verify(name, Buffer.alloc(32, 4), 1000, receipt), undefined)
  t.equal(seals.verify(name, hash, 1001, receipt), undefined)
  t.equal(
    new UploadSeals(Buffer.alloc(32, 8)).verify(name, hash, 1000, receipt),
    undefined,
    'another cluster',
  )
  for (let bit = 0; bit < 8 * receipt.length; bit++) {
    const forged = Buffer.from(receipt)
    forged.writeUInt8(forged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    t.equal(seals.verify(name, hash, 1000, forged), undefined, `bit ${bit}`)
  }
  t.equal(seals.verify(name, hash, 1000, receipt.subarray(1)), undefined)
  t.equal(seals.verify(name, hash, 1000, new Uint8Array()), undefined)
})

t.test('challenges differ by all that they are for, and are no receipts', async t => {
  const all = [
    seals.challenge(name, hash),
    seals.challenge(name, Buffer.alloc(32, 4)),
    ...others.map(other => seals.challenge(other, hash)),
    new UploadSeals(Buffer.alloc(32, 8)).challenge(name, hash),
  ].map(challenge => Buffer.from(challenge).toString('hex'))
  t.equal(new Set(all).size, all.length)
  for (const challenge of all) {
    t.equal(challenge.length, 64)
    t.equal(seals.verify(name, hash, 1000, Buffer.from(challenge, 'hex').subarray(0, 16)), undefined)
  }
})

t.test('golden: servers of all versions must agree while an upload goes on', async t => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
  t.equal(
    hex(seals.challenge(name, hash)),
    '5b7e27d3d7b939d3af9d547ee4c6a59a34cf8c0d27afab5e4bd8f8642c184801',
  )
  t.equal(
    hex(seals.receipt(name, hash, 1000, { sent: false, had: true })),
    '02a3dabe3ab45df6aef0284d23547258',
  )
})
