import { limits } from '@torc/protocol/limits'
import t from 'tap'
import {
  type AccessKeyRecord,
  decodeAccessKeyRecord,
  encodeAccessKeyRecord,
} from '../../src/access/access-key-record.js'

const record: AccessKeyRecord = {
  id: 'TKABCDEFGHIJKLMNOPQR',
  name: 'backups, nightly',
  deleted: false,
  createdAt: 1_760_000_000_000_000,
  admin: true,
  changes: 3,
  sealedSecret: Buffer.alloc(71, 5),
  grants: [
    { bucket: '*', bucketId: Buffer.alloc(0), grants: ['read'] },
    { bucket: 'photos', bucketId: Buffer.alloc(16, 7), grants: ['read', 'write', 'owner'] },
  ],
}

t.test('a record comes back as it was', async t => {
  t.match(decodeAccessKeyRecord(encodeAccessKeyRecord(record)), record)
  const deleted = { ...record, deleted: true, admin: false, grants: [], sealedSecret: Buffer.alloc(0) }
  t.match(decodeAccessKeyRecord(encodeAccessKeyRecord(deleted)), deleted)
})

t.test('its bytes are fixed', async t => {
  const small = {
    ...record,
    name: 'n',
    createdAt: 1,
    sealedSecret: Buffer.of(9),
    grants: record.grants.slice(1),
  }
  t.equal(
    Buffer.from(encodeAccessKeyRecord(small)).toString('hex'),
    `9901b4${Buffer.from(record.id).toString('hex')}a16e00010103c40109` +
      `9193a670686f746f73c410${'07'.repeat(16)}07`,
  )
})

t.test('what is no record is CORRUPT, and so is that of a newer Torc', async t => {
  const bytes = Buffer.from(encodeAccessKeyRecord(record))
  t.throws(() => decodeAccessKeyRecord(bytes.subarray(0, -1)), { code: 'CORRUPT' })
  t.throws(() => decodeAccessKeyRecord(Buffer.of(0xc0)), { code: 'CORRUPT' })
  bytes[1] = 2
  t.throws(() => decodeAccessKeyRecord(bytes), { code: 'CORRUPT' })
})

t.test('the largest record is stored inline', async t => {
  const bucket = 'b'.repeat(limits.bucketNameBytesMax)
  const grant = { bucket, bucketId: Buffer.alloc(16), grants: ['owner'] as const }
  const largest = {
    ...record,
    name: 'n'.repeat(limits.keyNameBytesMax),
    grants: Array.from({ length: limits.grantsMax }, () => grant),
  }
  t.ok(encodeAccessKeyRecord(largest).length <= limits.storedInlineBytesMax)
})
