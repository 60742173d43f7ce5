import { createHash } from 'node:crypto'
import { systemHasher } from '@torc/protocol/environment/system'
import t from 'tap'
import { bucketIdBytes, bucketIdOf, hiddenBucketId } from '../../src/ring/bucket-id.js'

const first = bucketIdOf(systemHasher, 'cluster', 'photos', 1)

t.test('a bucket that is made again has another id', async t => {
  t.equal(first.length, bucketIdBytes)
  t.strictSame(bucketIdOf(systemHasher, 'cluster', 'photos', 1), first)
  t.notSame(bucketIdOf(systemHasher, 'cluster', 'photos', 2), first)
})

t.test('hidden buckets are derived from the bucket’s id, as the decision says', async t => {
  for (const content of ['uploads', 'parts', 'sync-sessions'] as const) {
    const expected = createHash('sha256').update(`torc ${content}\0`).update(first).digest().subarray(0, 16)
    t.strictSame(Buffer.from(hiddenBucketId(systemHasher, content, first)), expected)
  }
  t.notSame(hiddenBucketId(systemHasher, 'uploads', first), hiddenBucketId(systemHasher, 'parts', first))
})
