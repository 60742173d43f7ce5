import t from 'tap'
import {
  decodeSessionRecord,
  encodeSessionRecord,
  type SessionRecord,
} from '../../src/sync-sessions/session-record.js'

const record: SessionRecord = {
  prefix: 'bücher/',
  place: 'host:/home/ö',
  createdAt: 1_767_323_045_678_901,
  cursor: undefined,
}

t.test('a record comes back as it was written', async t => {
  for (const given of [
    record,
    { ...record, cursor: '' },
    { ...record, prefix: '', cursor: 'c'.repeat(60_000) },
  ])
    t.strictSame(decodeSessionRecord(encodeSessionRecord(given)), given)
  t.equal(
    Buffer.from(encodeSessionRecord({ ...record, prefix: 'a/', place: 'b', cursor: 'c' })).toString('hex'),
    '9501a2612fa162cf0006475ef6574f35a163',
    'as it lies on disks today',
  )
})

t.test('what is damaged, or of a newer Torc, is told', async t => {
  const bytes = encodeSessionRecord(record)
  for (let cut = 0; cut < bytes.length; cut++)
    t.throws(() => decodeSessionRecord(bytes.subarray(0, cut)), { code: 'CORRUPT' }, `${cut} bytes`)
  const newer = Buffer.from(bytes)
  newer[1] = 2
  t.throws(() => decodeSessionRecord(newer), { code: 'CORRUPT', hint: /Upgrade/ })
})
