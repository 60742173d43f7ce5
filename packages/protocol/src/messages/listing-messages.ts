import { limits } from '../limits.js'
import { reads } from './access.js'
import * as f from './fields.js'
import { at, define, interactive, noBodies, strings, users } from './message.js'

const listRequest = {
  bucket: f.note('The bucket', f.bucketName),
  prefix: f.note('Only keys that begin with this', f.optional(f.keyPrefix)),
  delimiter: f.note('Group keys up to the first such text behind the prefix', f.optional(f.text(64, 1))),
  limit: f.note('Most entries of one page; 1000 when absent', f.optional(f.integer(1, limits.listLimitMax))),
  startAfter: f.note('Only keys after this one, in bytewise order', f.optional(f.keyPrefix)),
  token: f.note('Continuation of an earlier page; beside it `startAfter` is ignored', f.optional(f.token)),
  at,
  details: f.note(
    'Entries of versions have `sha256`, `parts`, `contentType`, `metadata` and `context` too; a listing of keys also has those whose latest head is a delete marker beside a head that is an object, as that marker',
    f.optional(f.boolean),
  ),
}

/** An entry is `{prefix}` or a version. */
const listEntry = f.map({
  prefix: f.note('Only keys that begin with this', f.optional(f.text(limits.keyBytesMax))),
  key: f.note('The key', f.optional(f.keyText)),
  versionId: f.note('Id of the version', f.optional(f.versionIdText)),
  size: f.note('Bytes of the body', f.optional(f.integer())),
  etag: f.note('Opaque tag of the content', f.optional(f.text(128))),
  createdAt: f.note('Hybrid time of the write', f.optional(f.hybridTime)),
  kind: f.note('An object, or a marker that says "deleted"', f.optional(f.oneOf('object', 'marker'))),
  isLatest: f.note('It is the latest head', f.optional(f.boolean)),
  isNull: f.note('It is a null version; absent = it is not', f.optional(f.boolean)),
  siblings: f.note('Ids of the other heads', f.optional(f.list(f.versionIdText, 1024))),
  sha256: f.note('With `details`: digest of the body', f.optional(f.sha256)),
  parts: f.note(
    'With `details`: sizes of the parts of an object that was uploaded in parts',
    f.optional(f.list(f.integer(), limits.objectPartsMax)),
  ),
  contentType: f.note('With `details`: media type', f.optional(f.contentType)),
  metadata: f.note('With `details`: pairs of the writer’s own', f.optional(f.metadata)),
  context: f.note(
    'With `details`: token of a write that covers what was listed (of a key all its heads, else the version), and what that covers',
    f.optional(f.token),
  ),
})

const listAnswer = {
  entries: f.note(
    'The page (it may be shorter than `limit`, also where more follow); each has `prefix` or the fields of a version',
    f.list(listEntry, limits.listLimitMax),
  ),
  token: f.note('Where the next page begins; absent = there is none', f.optional(f.token)),
}

/** What clients ask about many objects. */
export const listingMessages = {
  listKeys: define({
    doc: 'One page of the live keys of a bucket, in bytewise order.',
    frame: 'LIST',
    op: 'keys',
    from: users,
    access: reads,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: listRequest,
    response: listAnswer,
  }),
  listVersions: define({
    doc: 'One page of all versions and markers: keys in order, versions of a key newest first.',
    frame: 'LIST',
    op: 'versions',
    from: users,
    access: reads,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: listRequest,
    response: listAnswer,
  }),
  fetchBucket: define({
    doc: 'What all agents hold under a prefix, each version once. Pages come until the last frame.',
    frame: 'FETCH',
    op: 'bucket',
    from: users,
    access: reads,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.note('The bucket', f.bucketName),
      prefix: f.note('Only keys that begin with this', f.optional(f.keyPrefix)),
    },
    response: {
      items: f.note(
        'Versions and the agents that hold them',
        f.list(
          f.map({ key: f.keyText, versionId: f.versionIdText, size: f.integer(), agents: strings(64) }),
          limits.listLimitMax,
        ),
      ),
      missing: f.note(
        'In the last frame: partitions of which fewer than R owners answered. Keys of theirs may be lacking: unless it is empty or absent, the listing is incomplete',
        f.optional(f.list(f.integer(0, 65535), 65536)),
      ),
      silent: f.note('In the last frame: agents that did not answer', f.optional(strings(limits.membersMax))),
    },
  }),
} as const
