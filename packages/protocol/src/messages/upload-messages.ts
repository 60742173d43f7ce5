import { limits } from '../limits.js'
import { copies, writes } from './access.js'
import * as f from './fields.js'
import { define, interactive, noBodies, objectName, operationId, policyNote, users } from './message.js'
import { conditionFields, writeAnswer } from './object-messages.js'

const uploadId = f.note('Id of the upload', f.versionIdText)

const uploadName = { ...objectName, uploadId }

const partName = {
  ...uploadName,
  partNumber: f.note('Number of the part', f.integer(1, limits.objectPartsMax)),
  opId: operationId,
  retry: f.note('Sent before under this opId: ask all owners for it before minting', f.optional(f.boolean)),
}

/** What is known of a part that is stored. */
const partFields = {
  partNumber: f.note('Number of the part', f.integer(1, limits.objectPartsMax)),
  etag: f.note('Opaque tag of the content', f.text(128)),
  size: f.note('Bytes of the part', f.integer()),
  sha256: f.note('Digest of the part', f.sha256),
}

const partAnswer = {
  ...partFields,
  deduplicatedBytes: f.note('Bytes of the part that the cluster had already', f.integer()),
  sentBytes: f.note('Bytes of the part that the client sent', f.integer()),
}

const limit = f.note(
  'Most entries of the page; 1000 when absent',
  f.optional(f.integer(1, limits.listLimitMax)),
)

/** What clients ask about objects that are uploaded in parts. */
export const uploadMessages = {
  createUpload: define({
    doc: 'Begins an upload in parts: nothing shows under the key until it is completed.',
    frame: 'PUT',
    op: 'upload',
    from: users,
    access: writes,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      ...objectName,
      opId: operationId,
      contentType: f.note('Media type, free text; empty = none', f.optional(f.contentType)),
      metadata: f.note('Pairs of the writer’s own, in order', f.optional(f.metadata)),
      tags: f.note('Tags that the completed version is made with', f.optional(f.tags)),
      policy: f.note(`Of the key, from the completed version on. ${policyNote}`, f.optional(f.text(256, 1))),
      retry: f.note('Sent before under this opId', f.optional(f.boolean)),
    },
    response: {
      uploadId,
      createdAt: f.note('Hybrid time at which it began', f.hybridTime),
    },
  }),
  uploadPart: define({
    doc: 'Stores a part of an upload; one of the same number is replaced. The body is the part’s; none = an empty one.',
    frame: 'PUT',
    op: 'part',
    from: users,
    access: writes,
    to: ['server'],
    ...interactive,
    requestBody: 'optional',
    responseBody: 'none',
    request: {
      ...partName,
      size: f.note(
        'Bytes of the body where the writer knows them',
        f.optional(f.integer(0, limits.objectBytesMax)),
      ),
      sha256: f.note(
        'Digest of the body where the writer knows it beforehand (else it may come with END)',
        f.optional(f.sha256),
      ),
      etag: f.note(
        'Etag that the part gets; absent = one that the server makes (it may also come with END)',
        f.optional(f.etag),
      ),
      metadata: f.note(
        'Pairs of the writer’s own that are kept with the part, in order',
        f.optional(f.metadata),
      ),
    },
    response: partAnswer,
  }),
  copyPart: define({
    doc: 'Stores an object, a version of it or a range of that as a part of an upload. No body moves through the client.',
    frame: 'PUT',
    op: 'part-copy',
    from: users,
    access: copies,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      ...partName,
      sourceBucket: f.note('The bucket that is copied from', f.bucketName),
      sourceKey: f.note('The key that is copied from', f.keyText),
      sourceVersionId: f.note(
        "A version's id or a unique prefix of it; absent = the latest head",
        f.optional(f.versionIdText),
      ),
      range: f.note(
        'First and last byte of the source, as in GET `object`; absent = all of it',
        f.optional(f.pair(f.integer(-limits.objectBytesMax), f.integer(-1))),
      ),
    },
    response: {
      ...partAnswer,
      sourceVersionId: f.note('Version that was copied', f.versionIdText),
    },
  }),
  completeUpload: define({
    doc: 'Adds the version that consists of these parts, and removes the upload. No data moves. INVALID_PART where a part is not there, has another etag or is out of order: its details are `{"partNumber": N}`.',
    frame: 'PUT',
    op: 'upload-completion',
    from: users,
    access: writes,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      ...uploadName,
      opId: operationId,
      parts: f.note(
        'Number and etag of each part, in ascending order',
        f.list(f.pair(f.integer(1, limits.objectPartsMax), f.text(128)), limits.objectPartsMax),
      ),
      etag: f.note('Etag that the version gets; absent = one that the server makes', f.optional(f.etag)),
      metadata: f.note('Pairs that are added behind those of the upload', f.optional(f.metadata)),
      ...conditionFields,
      context: f.note(
        'Token of a GET of the key: cover just what it shows; empty = nothing',
        f.optional(f.token),
      ),
      retry: f.note(
        'Sent before under this opId: ask all owners for it before minting',
        f.optional(f.boolean),
      ),
    },
    response: writeAnswer,
  }),
  abortUpload: define({
    doc: 'Removes an upload and its parts, also what an earlier attempt left. Parts that are on their way fail.',
    frame: 'DELETE',
    op: 'upload',
    from: users,
    access: writes,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      ...uploadName,
      retry: f.note('Sent before: an upload that is gone is no error', f.optional(f.boolean)),
    },
    response: {},
  }),
  listParts: define({
    doc: 'One page of the parts of an upload, by number (it may be shorter than `limit`, also where more follow).',
    frame: 'LIST',
    op: 'parts',
    from: users,
    access: writes,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      ...uploadName,
      partNumberMarker: f.note(
        'Only parts above this number',
        f.optional(f.integer(0, limits.objectPartsMax)),
      ),
      limit,
    },
    response: {
      parts: f.note(
        'The page',
        f.list(
          f.map({
            ...partFields,
            metadata: f.note('Pairs of the writer’s own; absent = none', f.optional(f.metadata)),
            createdAt: f.note('Hybrid time of the write', f.hybridTime),
          }),
          limits.listLimitMax,
        ),
      ),
      nextPartNumberMarker: f.note(
        'The `partNumberMarker` of the next page; absent = there is none',
        f.optional(f.integer(1, limits.objectPartsMax)),
      ),
    },
  }),
  listUploads: define({
    doc: 'One page of the uploads under way in a bucket, by key (bytewise), then by upload id.',
    frame: 'LIST',
    op: 'uploads',
    from: users,
    access: writes,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.note('The bucket', f.bucketName),
      prefix: f.note('Only keys that begin with this', f.optional(f.keyPrefix)),
      delimiter: f.note('Group keys up to the first such text behind the prefix', f.optional(f.text(64, 1))),
      keyMarker: f.note('Only uploads of keys after this one', f.optional(f.keyPrefix)),
      uploadIdMarker: f.note(
        'Beside `keyMarker`: also uploads of this very key whose ids come after this one',
        f.optional(f.versionIdText),
      ),
      limit,
    },
    response: {
      uploads: f.note(
        'The page; `ending` = it was completed or aborted, and DELETE `upload` removes what is left',
        f.list(
          f.map({
            key: f.keyText,
            uploadId: f.versionIdText,
            createdAt: f.hybridTime,
            ending: f.optional(f.boolean),
          }),
          limits.listLimitMax,
        ),
      ),
      prefixes: f.note(
        'Common prefixes, each for all uploads under it',
        f.list(f.keyPrefix, limits.listLimitMax),
      ),
      nextKeyMarker: f.note(
        'The `keyMarker` of the next page; absent = there is none',
        f.optional(f.keyPrefix),
      ),
      nextUploadIdMarker: f.note('The `uploadIdMarker` beside it', f.optional(f.versionIdText)),
    },
  }),
} as const
