import { limits } from '../limits.js'
import { copies, reads, sharesPath, writes } from './access.js'
import * as f from './fields.js'
import {
  at,
  define,
  interactive,
  noBodies,
  objectName,
  operationId,
  strict,
  strings,
  users,
} from './message.js'

/** Fields of a version that its writer chooses. */
export const writtenFields = {
  contentType: f.note('Media type, free text; empty = none', f.optional(f.contentType)),
  metadata: f.note('Pairs of the writer’s own, in order', f.optional(f.metadata)),
  tags: f.note('Tags that the version is made with', f.optional(f.tags)),
  etag: f.note(
    'Etag that the version gets; absent = one that the server makes (it may also come with END)',
    f.optional(f.etag),
  ),
  context: f.note('Token of a GET: cover just what it shows; empty = nothing', f.optional(f.token)),
  size: f.note(
    'Bytes of the body where the writer knows them',
    f.optional(f.integer(0, limits.objectBytesMax)),
  ),
  sha256: f.note(
    'Digest of the whole body where the writer knows it beforehand (else it may come with END)',
    f.optional(f.sha256),
  ),
  shared: f.note(
    'Shared path: the server reads this file and no body comes',
    f.optional(f.text(limits.pathBytesMax, 1)),
  ),
  strict,
  retry: f.note('Sent before under this opId: ask all owners for it before minting', f.optional(f.boolean)),
  policy: f.note(
    'Retention policy of the key from now on: `all`, `latest`, `global:N`, `dynamic:N`; `inherit` takes it away',
    f.optional(f.text(256, 1)),
  ),
}

/** What must hold of the key for the write to take place (RFC 9110 §13.1; DESIGN §5). */
export const conditionFields = {
  ifNoneMatch: f.note(
    '`*`: only where the key has no object (delete markers do not count); not beside `context`',
    f.optional(f.oneOf('*')),
  ),
  ifMatch: f.note(
    'Only over a head with this version id (or a unique beginning of one) or etag; not beside `context`',
    f.optional(f.text(128, 1)),
  ),
}

const isNull = f.note('It is a null version: absent = it is not', f.optional(f.boolean))

/** Where a write went (INTERFACE, "put, post"). */
export const writeAnswer = {
  key: f.note('The key; PUT may leave it out', f.optional(f.keyText)),
  versionId: f.note('Id of the version', f.versionIdText),
  size: f.note('Bytes of the body', f.integer()),
  etag: f.note('Opaque tag of the content', f.text(128)),
  sha256: f.note('Digest of the whole body', f.sha256),
  contentType: f.note('Media type, free text; empty = none', f.contentType),
  createdAt: f.note('Hybrid time of the write', f.hybridTime),
  seq: f.note('1 + the greatest that it covers', f.optional(f.integer())),
  context: f.note('Causal context as an opaque token', f.token),
  clock: f.note('The version’s clock for people: actor and counter', f.clockPairs),
  siblings: f.note('Ids of the other heads', f.list(f.versionIdText, 1024)),
  mintedBy: f.note('Agent that gave the version its dot', f.nodeId),
  preferenceList: f.note('Owners of the key, in ring order', strings(64)),
  replicasWritten: f.note('Agents that have it on disk', strings(64)),
  vectorClocks: f.note(
    'Clock of the key at each of these agents',
    f.list(f.pair(f.nodeId, f.clockPairs), 64),
  ),
  down: f.note('Agents that could not be asked', strings(limits.membersMax)),
  hinted: f.note(
    'Holder and the owners that it keeps the write for',
    f.list(f.pair(f.nodeId, strings(64)), 64),
  ),
  deduplicatedBytes: f.note('Bytes of the body that the cluster had already', f.integer()),
  sentBytes: f.note('Bytes of the body that the client sent', f.integer()),
  isNull,
}

const versionFields = {
  versionId: f.note('Id of the version', f.versionIdText),
  kind: f.note('An object; of HEAD with a `versionId` also a delete marker', f.oneOf('object', 'marker')),
  size: f.note('Bytes of the whole object', f.integer()),
  etag: f.note('Opaque tag of the content', f.text(128)),
  sha256: f.note('Digest of the whole object; see `parts`', f.sha256),
  parts: f.note(
    'Sizes of the parts of an object that was uploaded in parts: `sha256` is the SHA-256 of the SHA-256s of the parts, one after the other',
    f.optional(f.list(f.integer(0, limits.objectBytesMax), limits.objectPartsMax)),
  ),
  contentType: f.note('Media type, free text; empty = none', f.contentType),
  metadata: f.note('Pairs of the writer’s own, in order', f.metadata),
  createdAt: f.note('Hybrid time of the write', f.hybridTime),
  isLatest: f.note('It is the latest head', f.boolean),
  siblings: f.note('Ids of the other heads', f.list(f.versionIdText, 1024)),
  context: f.note('Causal context as an opaque token', f.token),
  clock: f.note('The version’s clock for people: actor and counter', f.clockPairs),
  isNull,
  degraded: f.note('Set when a source that could know a newer version did not answer', f.optional(f.boolean)),
}

const versionRequest = {
  ...objectName,
  versionId: f.note(
    "A version's id or a unique prefix of it, or `null`: the newest null version; absent = the latest head",
    f.optional(f.versionIdText),
  ),
  at,
  strict,
}

/** What clients ask about one object. */
export const objectMessages = {
  putObject: define({
    doc: 'Stores a version of an object. The body is the object’s; none = an empty one (or the file that `shared` names).',
    frame: 'PUT',
    op: 'object',
    from: users,
    access: [...writes, sharesPath],
    to: ['server'],
    ...interactive,
    requestBody: 'optional',
    responseBody: 'none',
    request: {
      ...objectName,
      opId: operationId,
      ...writtenFields,
      ...conditionFields,
    },
    response: writeAnswer,
  }),
  postDatum: define({
    doc: 'Stores a datum under a key that the server makes and answers.',
    frame: 'POST',
    op: 'datum',
    from: users,
    access: [...writes, sharesPath],
    to: ['server'],
    ...interactive,
    requestBody: 'optional',
    responseBody: 'none',
    request: {
      bucket: f.note('The bucket', f.bucketName),
      opId: operationId,
      ...writtenFields,
    },
    response: {
      ...writeAnswer,
      key: f.note('The key that was made: always in this answer', f.optional(f.keyText)),
    },
  }),
  getObject: define({
    doc: 'Reads a version: the latest head, or the one that is named. The answer’s body is the object’s (`c4 00` when it is empty). KEY_NOT_FOUND where there is none; where the latest head is a delete marker its details are `{"marker": ID, "siblings": [IDS]}`.',
    frame: 'GET',
    op: 'object',
    from: users,
    access: [...reads, sharesPath],
    to: ['server'],
    ...interactive,
    requestBody: 'none',
    responseBody: 'optional',
    request: {
      ...versionRequest,
      range: f.note(
        'First and last byte, inclusive; −1 as last = to the end; −n as first = the last n bytes (see "range" in §9)',
        f.optional(f.pair(f.integer(-limits.objectBytesMax), f.integer(-1))),
      ),
      shared: f.note(
        'Shared path: the server writes the file and no body comes',
        f.optional(f.text(limits.pathBytesMax, 1)),
      ),
    },
    response: {
      ...versionFields,
      range: f.note(
        'With a range: first and last byte of the body, counted in the whole object',
        f.optional(f.pair(f.integer(), f.integer(-1))),
      ),
    },
  }),
  headObject: define({
    doc: 'What GET `object` answers, without the body.',
    frame: 'GET',
    op: 'head',
    from: users,
    access: reads,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: versionRequest,
    response: versionFields,
  }),
  deleteObject: define({
    doc: 'Purges the versions that the context covers (without one, all that the cluster holds), or one version; or adds a delete marker. A key that is not there is no error: nothing is removed. A `versionId` that is not there is VERSION_NOT_FOUND, or with `retry` no error either.',
    frame: 'DELETE',
    op: 'object',
    from: users,
    access: writes,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      ...objectName,
      opId: operationId,
      versionId: f.note(
        'Purge just this version (or the one with this unique prefix, or `null`: the newest null version); beside it `context` and `marker` are ignored',
        f.optional(f.versionIdText),
      ),
      context: f.note(
        'Token of a GET: only what it shows goes, or is covered; empty = nothing',
        f.optional(f.token),
      ),
      marker: f.note('Add a delete marker instead of purging', f.optional(f.boolean)),
      strict,
      retry: f.note('Sent before under this opId', f.optional(f.boolean)),
    },
    response: {
      removed: f.note('Ids of the versions that are gone', f.list(f.versionIdText, 65536)),
      marker: f.note('Id of the delete marker that was added', f.optional(f.versionIdText)),
      context: f.note('Causal context as an opaque token', f.token),
    },
  }),
  copyObject: define({
    doc: 'Stores a version whose content is that of another object or of an older version. No body moves through the client.',
    frame: 'PUT',
    op: 'copy',
    from: users,
    access: copies,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.note('The bucket that the copy goes to', f.bucketName),
      key: f.note('The key that the copy gets', f.keyText),
      opId: operationId,
      sourceBucket: f.note('The bucket that is copied from', f.bucketName),
      sourceKey: f.note('The key that is copied from', f.keyText),
      sourceVersionId: f.note(
        "A version's id or a unique prefix of it, or `null`; absent = the latest head",
        f.optional(f.versionIdText),
      ),
      contentType: f.note("Media type; absent = the source's", f.optional(f.contentType)),
      metadata: f.note("Pairs of the writer’s own; absent = the source's", f.optional(f.metadata)),
      tags: f.note("Tags that the copy is made with; absent = the source's", f.optional(f.tags)),
      ...conditionFields,
      context: f.note(
        'Token of a GET of the key: cover just what it shows; empty = nothing',
        f.optional(f.token),
      ),
      policy: f.note('Retention policy of the key from now on', f.optional(f.text(256, 1))),
      retry: f.note(
        'Sent before under this opId: ask all owners for it before minting',
        f.optional(f.boolean),
      ),
    },
    response: {
      ...writeAnswer,
      sourceVersionId: f.note('Version that was copied', f.versionIdText),
      sourceContext: f.note(
        'Token of what was read of the source: a DELETE with it completes a move',
        f.token,
      ),
    },
  }),
} as const
