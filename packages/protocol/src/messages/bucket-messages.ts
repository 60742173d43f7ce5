import { limits } from '../limits.js'
import { allBuckets, anyKey, owns } from './access.js'
import * as f from './fields.js'
import { define, interactive, noBodies, policyNote, strict, users } from './message.js'

const cutting = f.oneOf('fixed', 'content')

const compression = f.oneOf('none', 'brotli')

const compressionNote =
  'Whether blocks that are new from now on are kept compressed, where that saves a tenth or more'

const cuttingNote =
  'How bodies are cut into blocks from now on: `fixed` (1 MiB each) or `content` (about 1 MiB, where the content says so)'

const versioning = f.oneOf('unversioned', 'enabled', 'suspended')

const versioningNote =
  'What becomes of a version that is replaced, as S3 has it; a bucket is not made `unversioned` again'

const publicReadNote =
  'Objects may be read and listed without an access key, through faces that know such callers'

const bucketTags = f.list(f.pair(f.tagName, f.text(limits.tagValueBytesMax)), limits.bucketTagsMax)

const bucketFields = {
  bucket: f.note('The bucket', f.bucketName),
  createdAt: f.note('Hybrid time of the write', f.hybridTime),
  replicas: f.note('Number of owners of each key (N)', f.integer(1, 64)),
  readQuorum: f.note('Owners that a read waits for (R)', f.integer(1, 64)),
  writeQuorum: f.note('Agents that a write waits for (W)', f.integer(1, 64)),
  strict: f.note('Only owners count towards the quorum, no fallbacks', f.boolean),
  policy: f.note('Retention policy in force', f.text(256)),
  policyFrom: f.note(
    'Where that policy is from: the bucket, the cluster, or the default `all`; absent = the bucket',
    f.optional(f.oneOf('bucket', 'cluster', 'default')),
  ),
  cutting: f.note('How bodies are cut into blocks; absent = `fixed`', f.optional(cutting)),
  compression: f.note('How new blocks are kept; absent = `none`', f.optional(compression)),
  versioning: f.note(`${versioningNote}; absent = \`enabled\``, f.optional(versioning)),
  publicRead: f.note(publicReadNote, f.optional(f.boolean)),
}

const describedBucket = {
  ...bucketFields,
  tags: f.note('Names and values of its tags, by name; absent = none', f.optional(bucketTags)),
}

/** What clients ask about buckets. */
export const bucketMessages = {
  putBucket: define({
    doc: 'Makes a bucket.',
    frame: 'PUT',
    op: 'bucket',
    from: users,
    access: [{ needs: 'owner', of: allBuckets }],
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.note('The bucket', f.bucketName),
      replicas: f.note('Number of owners of each key (N)', f.optional(f.integer(1, 64))),
      readQuorum: f.note('Owners that a read waits for (R)', f.optional(f.integer(1, 64))),
      writeQuorum: f.note('Agents that a write waits for (W)', f.optional(f.integer(1, 64))),
      strict,
      policy: f.note(policyNote, f.optional(f.text(256, 1))),
      cutting: f.note(cuttingNote, f.optional(cutting)),
      compression: f.note(compressionNote, f.optional(compression)),
      versioning: f.note(versioningNote, f.optional(versioning)),
      publicRead: f.note(publicReadNote, f.optional(f.boolean)),
      tags: f.note('All its tags', f.optional(bucketTags)),
    },
    response: describedBucket,
  }),
  getBucket: define({
    doc: 'A bucket’s settings.',
    frame: 'GET',
    op: 'bucket',
    from: users,
    access: [{ needs: 'some', of: 'bucket' }],
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: { bucket: f.note('The bucket', f.bucketName) },
    response: describedBucket,
  }),
  setBucket: define({
    doc: 'Changes a bucket’s settings; what is absent stays.',
    frame: 'PUT',
    op: 'bucket-settings',
    from: users,
    access: owns,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.note('The bucket', f.bucketName),
      readQuorum: f.note('Owners that a read waits for (R)', f.optional(f.integer(1, 64))),
      writeQuorum: f.note('Agents that a write waits for (W)', f.optional(f.integer(1, 64))),
      strict,
      policy: f.note(policyNote, f.optional(f.text(256, 1))),
      cutting: f.note(cuttingNote, f.optional(cutting)),
      compression: f.note(compressionNote, f.optional(compression)),
      versioning: f.note(versioningNote, f.optional(versioning)),
      publicRead: f.note(publicReadNote, f.optional(f.boolean)),
      tags: f.note('All its tags', f.optional(bucketTags)),
    },
    response: describedBucket,
  }),
  deleteBucket: define({
    doc: 'Removes a bucket.',
    frame: 'DELETE',
    op: 'bucket',
    from: users,
    access: owns,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.note('The bucket', f.bucketName),
      force: f.note('Remove its objects too', f.optional(f.boolean)),
    },
    response: {},
  }),
  listBuckets: define({
    doc: 'All buckets.',
    frame: 'LIST',
    op: 'buckets',
    from: users,
    access: anyKey,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {},
    response: { buckets: f.note('Buckets', f.list(f.map(bucketFields), 65536)) },
  }),
} as const
