import t from 'tap'
import {
  partKey,
  partNumberOf,
  readRecordKey,
  recordKey,
  recordName,
  recordsAfter,
} from '../../src/uploads/upload-names.js'
import { bucket } from './support.js'

const id = 'a'.repeat(26)
const bytewise = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

t.test('records are in the order of keys, and then of ids', async t => {
  const ids = [id, 'b'.repeat(26), '7'.repeat(26)].sort(bytewise)
  const keys = ['a', 'a\u0001', 'a/', 'ab', 'b', '\u{10ffff}'].sort(bytewise)
  const names = keys.flatMap(key => ids.map(uploadId => recordName({ key, uploadId })))
  t.strictSame([...names].sort(bytewise), names)
  for (const [i, name] of names.entries())
    t.strictSame(readRecordKey(name), { key: keys[Math.floor(i / 3)], uploadId: ids[i % 3] })
  t.strictSame(
    names.filter(name => bytewise(name, recordsAfter({ key: 'a/' })) > 0),
    names.slice(3 * (keys.indexOf('a/') + 1)),
    'behind all uploads of a key',
  )
})

t.test('parts are in the order of their numbers', async t => {
  const numbers = [1, 9, 10, 999, 1_000, 9_999, 10_000]
  const names = numbers.map(number => partKey(id, number))
  t.strictSame([...names].sort(bytewise), names)
  t.strictSame(names.map(partNumberOf), numbers)
})

t.test('an id that no upload can have names no record', async t => {
  t.equal(recordKey({ bucket, key: 'k', uploadId: id }), `k\0${id}`)
  for (const uploadId of ['', 'a', 'A'.repeat(26), '1'.repeat(26), `${id}a`, `x\0${id.slice(2)}`])
    t.throws(() => recordKey({ bucket, key: 'k', uploadId }), { code: 'UPLOAD_NOT_FOUND' }, uploadId)
})
