import { PackWriter } from '@torc/cluster/codec/pack-writer'
import fc from 'fast-check'
import t from 'tap'
import {
  type BucketRecord,
  chooseRecord,
  decodeBucketRecord,
  encodeBucketRecord,
  systemBucket,
  versionings,
  viewOf,
} from '../../src/buckets/bucket-record.js'
import { fakeEnvironment } from '../fakes/fake-environment.js'

const record: BucketRecord = {
  name: 'photos',
  generation: 1,
  deleted: false,
  createdAt: 1_760_000_000_000_000,
  replicas: 3,
  readQuorum: 2,
  writeQuorum: 2,
  strict: false,
  policy: 'all',
  changes: 0,
  cutting: 'fixed',
  compression: 'none',
  versioning: 'enabled',
  publicRead: false,
  tags: [],
}

t.test('property: records survive their bytes', async t => {
  const any = fc.record(
    {
      name: fc.stringMatching(/^[a-z0-9]{1,63}$/),
      generation: fc.integer({ min: 1 }),
      deleted: fc.boolean(),
      createdAt: fc.maxSafeNat(),
      replicas: fc.integer({ min: 1, max: 64 }),
      readQuorum: fc.integer({ min: 1, max: 64 }),
      writeQuorum: fc.integer({ min: 1, max: 64 }),
      strict: fc.boolean(),
      policy: fc.constantFrom('all', 'latest', 'global:5'),
      changes: fc.nat(),
      cutting: fc.constantFrom('fixed' as const, 'content' as const),
      compression: fc.constantFrom('none' as const, 'brotli' as const),
      versioning: fc.constantFrom(...versionings),
      publicRead: fc.boolean(),
      tags: fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.string()), { maxLength: 5 }),
    },
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(any, given => void t.strictSame(decodeBucketRecord(encodeBucketRecord(given)), given)),
  )
})

t.test('damage is told', async t => {
  const bytes = encodeBucketRecord(record)
  t.throws(() => decodeBucketRecord(bytes.subarray(0, 9)), { code: 'CORRUPT' })
  t.throws(() => decodeBucketRecord(new Uint8Array()), { code: 'CORRUPT' })
  const newer = Uint8Array.from(bytes)
  newer[3] = 99
  t.throws(() => decodeBucketRecord(newer), { code: 'CORRUPT', hint: /Upgrade/ })
})

t.test('records of earlier formats are read', async t => {
  const written = (schema: number, ...added: number[]) => {
    const writer = new PackWriter(160)
    writer.array(10 + added.length)
    writer.uint(schema)
    writer.text('photos')
    for (const field of [1, 0, record.createdAt, 3, 2, 2, 0]) writer.uint(field)
    writer.text('all')
    for (const field of added) writer.uint(field)
    return writer.finish()
  }
  t.strictSame(decodeBucketRecord(written(1)), record)
  t.strictSame(decodeBucketRecord(written(2, 7)), { ...record, changes: 7 })
  t.strictSame(decodeBucketRecord(written(3, 7, 1)), { ...record, changes: 7, cutting: 'content' })
  const compressed = { ...record, changes: 7, compression: 'brotli' as const }
  t.strictSame(decodeBucketRecord(written(4, 7, 0, 1)), compressed)
  const tagged = { ...record, versioning: 'suspended', publicRead: true, tags: [['a', 'b']] } as const
  t.equal(
    Buffer.from(encodeBucketRecord(tagged)).toString('hex'),
    `dc001005${Buffer.from(written(4, 0, 0, 0))
      .subarray(2)
      .toString('hex')}020192a161a162`,
  )
  t.throws(() => decodeBucketRecord(written(4, 7, 0, 2)), { code: 'CORRUPT' }, 'a compression not known')
  t.throws(() => decodeBucketRecord(written(3, 7, 2)), { code: 'CORRUPT' }, 'a cutting that is not known')
  t.throws(() => decodeBucketRecord(written(2, 7, 0)), { code: 'CORRUPT' }, 'a field too many')
  const short = encodeBucketRecord(record).slice(0, -1)
  short[2] = 0x0f
  t.throws(() => decodeBucketRecord(short), { code: 'CORRUPT' }, 'a field too few')
})

t.test('of racing records every server chooses the same', async t => {
  const older = { ...record, createdAt: record.createdAt - 1 }
  const deleted = { ...record, deleted: true }
  const next = { ...record, generation: 2, createdAt: record.createdAt + 9 }
  t.equal(chooseRecord([]), undefined)
  t.equal(chooseRecord([record, older]), older)
  t.equal(chooseRecord([older, record]), older)
  t.equal(chooseRecord([older, deleted]), deleted)
  t.equal(chooseRecord([deleted, next, older]), next)
  const changed = { ...record, changes: 1 }
  const changedToo = { ...record, changes: 1, strict: true }
  t.equal(
    chooseRecord([older, changed]),
    changed,
    'changed settings before those of a creator that came late',
  )
  t.equal(chooseRecord([changedToo, changed]), changedToo, 'of changes that race the newest')
  t.equal(chooseRecord([changed, deleted]), deleted)
})

t.test('racing creators compute one id, another generation another', async t => {
  const { hasher } = fakeEnvironment()
  const one = viewOf(hasher, 'cluster', record, 'inherit')
  t.strictSame(viewOf(hasher, 'cluster', { ...record, createdAt: 1 }, 'inherit').id, one.id)
  t.notSame(viewOf(hasher, 'cluster', { ...record, generation: 2 }, 'inherit').id, one.id)
  t.notSame(viewOf(hasher, 'other', record, 'inherit').id, one.id)
  t.match(systemBucket(3), { replicas: 3, readQuorum: 2, writeQuorum: 2, strict: true, name: '' })
})
