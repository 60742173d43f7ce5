import { createHash } from 'node:crypto'
import { systemHasher } from '@torc/protocol/environment/system'
import t from 'tap'
import { bucketIdOf, systemBucketId } from '../../src/ring/bucket-id.js'
import {
  blockPartition,
  isPartitionCount,
  keyPartition,
  partitionCountDefault,
} from '../../src/ring/partition.js'

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

t.test("a key's partition is the first bits of SHA-256 of bucket id and key", async t => {
  const bucket = Buffer.from('0123456789abcdef')
  const hash = sha256('0123456789abcdefphotos/ä.jpg')
  t.equal(keyPartition(systemHasher, bucket, 'photos/ä.jpg', 256), hash[0])
  t.equal(keyPartition(systemHasher, bucket, 'photos/ä.jpg', 65_536), hash.readUInt16BE())
  t.equal(keyPartition(systemHasher, bucket, 'photos/ä.jpg', 8), (hash[0] ?? 0) >> 5)
  t.equal(keyPartition(systemHasher, bucket, 'photos/ä.jpg', 1), 0)
})

t.test("a block's partition is the first bits of its own hash", async t => {
  t.equal(blockPartition(Buffer.from('fe01', 'hex'), 256), 0xfe)
  t.equal(blockPartition(Buffer.from('fe01', 'hex'), 2), 1)
  t.equal(blockPartition(Buffer.from('ffff', 'hex'), 65_536), 65_535)
})

t.test('numbers of partitions are powers of two up to 65536', async t => {
  for (const good of [1, 2, partitionCountDefault, 65_536]) t.ok(isPartitionCount(good))
  for (const bad of [0, 3, -2, 1.5, 131_072, Number.NaN]) t.notOk(isPartitionCount(bad))
})

t.test('bucket ids: equal for racing creators, different for every name, cluster and generation', async t => {
  t.same(bucketIdOf(systemHasher, 'c1', 'photos', 1), sha256('torc bucket\0c1\0photos\x001').subarray(0, 16))
  const ids = [
    ['c1', 'photos', 1],
    ['c1', 'photos', 2],
    ['c2', 'photos', 1],
    ['c1', 'music', 1],
  ] as const
  const texts = ids.map(([cluster, name, generation]) =>
    Buffer.from(bucketIdOf(systemHasher, cluster, name, generation)).toString('hex'),
  )
  t.equal(new Set(texts).size, ids.length)
  t.same(systemBucketId, new Uint8Array(16))
})
