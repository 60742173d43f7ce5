import type { RetentionPolicy } from '@torc/cluster/retention/policy'
import { type HiddenContent, hiddenBucketId } from '@torc/cluster/ring/bucket-id'
import type { Hasher } from '@torc/protocol/environment/hasher'
import type { BucketView } from './bucket-record.js'

/** A part or a record that is written again replaces the one before, and its blocks are released. */
const keepLatest: RetentionPolicy = { kind: 'latest' }

/** Where the records of a bucket's uploads are. No client can name it. */
export function uploadsBucket(hasher: Hasher, bucket: BucketView): BucketView {
  return hiddenBucket(hasher, 'uploads', bucket)
}

/** Where the parts of a bucket's uploads are. No client can name it. */
export function partsBucket(hasher: Hasher, bucket: BucketView): BucketView {
  return hiddenBucket(hasher, 'parts', bucket)
}

/** Where the records of the folders are that are synced with a bucket. No client can name it. */
export function sessionsBucket(hasher: Hasher, bucket: BucketView): BucketView {
  return hiddenBucket(hasher, 'sync-sessions', bucket)
}

/** As safe as the bucket itself, and on as many agents. */
function hiddenBucket(hasher: Hasher, content: HiddenContent, bucket: BucketView): BucketView {
  return {
    ...bucket,
    id: hiddenBucketId(hasher, content, bucket.id),
    policy: keepLatest,
    policyFrom: 'bucket',
    versioning: 'enabled',
  }
}
