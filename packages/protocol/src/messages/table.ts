import { limits } from '../limits.js'
import * as f from './fields.js'
import type { FrameName, Role } from './frame-types.js'

/**
 * The table of messages: a request is a frame type and an `op` in its head. Types, dispatch, role checks
 * and `docs/PROTOCOL.md` derive from it. Append only; a message's meaning never changes.
 */
export interface Message<Q extends f.Fields = f.Fields, A extends f.Fields = f.Fields> {
  /** What it does, for `docs/PROTOCOL.md`. */
  readonly doc: string
  readonly frame: FrameName
  readonly op: string
  /** Roles that may send the request. */
  readonly from: readonly Role[]
  /** Roles that answer it. */
  readonly to: readonly Role[]
  readonly request: Q
  /** Fields of the RESULT, or of each FETCH_RESP where `frame` is FETCH. */
  readonly response: A
  /** Whether a body may (or must) come with the request and with the answer. */
  readonly requestBody: 'none' | 'optional' | 'required'
  readonly responseBody: 'none' | 'optional'
  /** Interactive messages are sent before background ones that wait on the same connection. */
  readonly priority: 'interactive' | 'background'
  /** May be sent again without asking (by nature, or because an opId makes it so). */
  readonly idempotent: boolean
}

const users = ['client', 'gateway'] as const
const nodes = ['server', 'agent'] as const

function define<const Q extends f.Fields, const A extends f.Fields>(m: Message<Q, A>): Message<Q, A> {
  return m
}

const interactive = { priority: 'interactive', idempotent: true } as const
const noBodies = { requestBody: 'none', responseBody: 'none' } as const

const strings = (countMax: number) => f.list(f.text(limits.nodeIdBytesMax), countMax)

/** Fields of a version that its writer chooses. */
const writtenFields = {
  contentType: f.note('Media type, free text; empty = none', f.optional(f.contentType)),
  metadata: f.note('Pairs of the writer’s own, in order', f.optional(f.metadata)),
  context: f.note('Token of a GET: cover just what it shows', f.optional(f.token)),
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
  strict: f.note('Only owners count towards the quorum, no fallbacks', f.optional(f.boolean)),
  retry: f.note('Sent before under this opId: ask all owners for it before minting', f.optional(f.boolean)),
  policy: f.note(
    'Retention policy of the key from now on: `all`, `latest`, `global:N`, `dynamic:N`; `inherit` takes it away',
    f.optional(f.text(256, 1)),
  ),
}

/** Where a write went (INTERFACE, "put, post"). */
const writeAnswer = {
  key: f.note('The key; PUT may leave it out', f.optional(f.keyText)),
  versionId: f.note('Id of the version', f.versionIdText),
  size: f.note('Bytes of the body', f.integer()),
  etag: f.note('Opaque tag of the content', f.text(128)),
  sha256: f.note('Digest of the whole body', f.sha256),
  contentType: f.note('Media type, free text; empty = none', f.contentType),
  createdAt: f.note('Hybrid time of the write', f.hybridTime),
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
}

const versionFields = {
  versionId: f.note('Id of the version', f.versionIdText),
  kind: f.note('An object; of HEAD with a `versionId` also a delete marker', f.oneOf('object', 'marker')),
  size: f.note('Bytes of the whole object', f.integer()),
  etag: f.note('Opaque tag of the content', f.text(128)),
  sha256: f.note('Digest of the whole object', f.sha256),
  contentType: f.note('Media type, free text; empty = none', f.contentType),
  metadata: f.note('Pairs of the writer’s own, in order', f.metadata),
  createdAt: f.note('Hybrid time of the write', f.hybridTime),
  isLatest: f.note('It is the latest head', f.boolean),
  siblings: f.note('Ids of the other heads', f.list(f.versionIdText, 1024)),
  context: f.note('Causal context as an opaque token', f.token),
  clock: f.note('The version’s clock for people: actor and counter', f.clockPairs),
  degraded: f.note('Set when a source that could know a newer version did not answer', f.optional(f.boolean)),
}

/** A moment in the past: what is read is judged on the versions up to it that are still there. */
const at = f.note(
  'As of this hybrid time: only versions up to it count. Not beside `versionId`; a time to come is BAD_REQUEST',
  f.optional(f.hybridTime),
)

const versionRequest = {
  bucket: f.note('The bucket', f.bucketName),
  key: f.note('The key', f.keyText),
  versionId: f.note(
    "A version's id or a unique prefix of it; absent = the latest head",
    f.optional(f.versionIdText),
  ),
  at,
  strict: f.note('Only owners count towards the quorum, no fallbacks', f.optional(f.boolean)),
}

const cutting = f.oneOf('fixed', 'content')
const cuttingNote =
  'How bodies are cut into blocks from now on: `fixed` (1 MiB each) or `content` (about 1 MiB, where the content says so)'

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
}

const policyNote = 'Retention policy: `all`, `latest`, `global:N`, `dynamic:N` or `inherit`'

const listRequest = {
  bucket: f.note('The bucket', f.bucketName),
  prefix: f.note('Only keys that begin with this', f.optional(f.keyPrefix)),
  delimiter: f.note('Group keys up to the first such text behind the prefix', f.optional(f.text(64, 1))),
  limit: f.note('Most entries of one page; 1000 when absent', f.optional(f.integer(1, limits.listLimitMax))),
  startAfter: f.note('Only keys after this one, in bytewise order', f.optional(f.keyPrefix)),
  token: f.note('Continuation of an earlier page; beside it `startAfter` is ignored', f.optional(f.token)),
  at,
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
  siblings: f.note('Ids of the other heads', f.optional(f.list(f.versionIdText, 1024))),
})

const listAnswer = {
  entries: f.note(
    'The page (it may be shorter than `limit`, also where more follow); each has `prefix` or the fields of a version',
    f.list(listEntry, limits.listLimitMax),
  ),
  token: f.note('Where the next page begins; absent = there is none', f.optional(f.token)),
}

/** A replica request names the layout under which it was addressed (DESIGN §6). */
const addressed = {
  epoch: f.note('Number of the layout', f.integer(0)),
  stage: f.note('Stage of the layout’s transition', f.integer(1, 3)),
  time: f.note("The sender's hybrid clock", f.hybridTime),
}
const keyAddress = {
  ...addressed,
  bucketId: f.note('Id of the bucket', f.bytes(16, true)),
  key: f.note('The key', f.keyText),
}

/** Causal contexts, version records and epochs are opaque here; `@torc/cluster` encodes them. */
const opaque = (max: number) => f.bytes(max)
const contextBytes = opaque(256 * 1024)
const recordBytes = opaque(limits.headBytesMax)
const digestBytes = f.bytes(16, true)
/** Attribute registers, as `@torc/cluster` encodes them. */
const attributeBytes = opaque(256 * 1024)

export const member = {
  id: f.note('Node id', f.nodeId),
  name: f.note('Name for people', f.text(48, 1)),
  role: f.note('What the node is', f.oneOf('server', 'agent', 'gateway')),
  address: f.note('`host:port` under which others reach it', f.text(300, 1)),
  zone: f.note('Failure domain', f.text(64)),
  capacity: f.note('Bytes that it offers, or 0', f.integer()),
  incarnation: f.note('Rises with each start and refutation', f.integer()),
  state: f.note('What is believed of it', f.oneOf('alive', 'suspect', 'down', 'left')),
}

/** How an agent's scrub is: its pass over all blocks, the last one or the one under way. */
const scrubState = {
  pass: f.note('Passes that have begun in the agent’s life', f.integer()),
  walking: f.note('The pass is under way', f.boolean),
  asked: f.note('An operator asked for the pass: it goes at the higher rate', f.boolean),
  beganAt: f.note('Hybrid time at which it began; absent before the first', f.optional(f.hybridTime)),
  endedAt: f.note('Hybrid time at which it ended', f.optional(f.hybridTime)),
  blocks: f.note('Blocks that it has checked', f.integer()),
  bytes: f.note('Bytes of these blocks', f.integer()),
  bytesTotal: f.note('About how many bytes it has to check', f.integer()),
  bytesPerSecond: f.note('Rate at which it goes now', f.integer()),
  found: f.note('Blocks that it found damaged', f.integer()),
  repaired: f.note('Blocks of these that it repaired', f.integer()),
}

const workerState = {
  name: f.note('What does work in the background', f.text(64, 1)),
  state: f.note('What it does now', f.oneOf('busy', 'idle', 'throttled', 'failed', 'stopped')),
  progress: f.note('Where it is, for people', f.text(1024)),
  error: f.note('Why its last step failed', f.optional(f.text(4096))),
}

/** Blocks of an agent that are not as they should be. */
const blockStates = {
  blocksMissing: f.note('Blocks whose file is lost', f.optional(f.integer())),
  blocksCorrupt: f.note('Blocks whose file is damaged', f.optional(f.integer())),
  blocksRepaired: f.note(
    'Blocks that were repaired from other owners in the agent’s life',
    f.optional(f.integer()),
  ),
  workers: f.note('Work in the background', f.optional(f.list(f.map(workerState), 64))),
}

const scrubAnswer = {
  agents: f.note(
    'The agents of the layout; without `scrub` where one could not be asked',
    f.list(
      f.map({
        id: f.note('Node id', f.nodeId),
        blocksMissing: blockStates.blocksMissing,
        blocksCorrupt: blockStates.blocksCorrupt,
        blocksRepaired: blockStates.blocksRepaired,
        scrub: f.note('Its scrub', f.optional(f.map(scrubState))),
        waitFor: f.note('Of PUT: the pass that answers the request', f.optional(f.integer())),
        error: f.note('Why it could not be asked', f.optional(f.text(4096))),
      }),
      limits.membersMax,
    ),
  ),
}

export const messages = {
  // ---- client → server: objects
  putObject: define({
    doc: 'Stores a version of an object. The body is the object’s; none = an empty one (or the file that `shared` names).',
    frame: 'PUT',
    op: 'object',
    from: users,
    to: ['server'],
    ...interactive,
    requestBody: 'optional',
    responseBody: 'none',
    request: {
      bucket: f.note('The bucket', f.bucketName),
      key: f.note('The key', f.keyText),
      opId: f.note(
        '16 random bytes of the writer’s; the same for each retry, and the version’s id derives from them',
        f.opId,
      ),
      ...writtenFields,
    },
    response: writeAnswer,
  }),
  postDatum: define({
    doc: 'Stores a datum under a key that the server makes and answers.',
    frame: 'POST',
    op: 'datum',
    from: users,
    to: ['server'],
    ...interactive,
    requestBody: 'optional',
    responseBody: 'none',
    request: {
      bucket: f.note('The bucket', f.bucketName),
      opId: f.note(
        '16 random bytes of the writer’s; the same for each retry, and the version’s id derives from them',
        f.opId,
      ),
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
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.note('The bucket', f.bucketName),
      key: f.note('The key', f.keyText),
      opId: f.note(
        '16 random bytes of the writer’s; the same for each retry, and the version’s id derives from them',
        f.opId,
      ),
      versionId: f.note(
        'Purge just this version (or the one with this unique prefix); beside it `context` and `marker` are ignored',
        f.optional(f.versionIdText),
      ),
      context: f.note('Causal context as an opaque token', f.optional(f.token)),
      marker: f.note('Add a delete marker instead of purging', f.optional(f.boolean)),
      strict: f.note('Only owners count towards the quorum, no fallbacks', f.optional(f.boolean)),
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
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.note('The bucket that the copy goes to', f.bucketName),
      key: f.note('The key that the copy gets', f.keyText),
      opId: f.note(
        '16 random bytes of the writer’s; the same for each retry, and the version’s id derives from them',
        f.opId,
      ),
      sourceBucket: f.note('The bucket that is copied from', f.bucketName),
      sourceKey: f.note('The key that is copied from', f.keyText),
      sourceVersionId: f.note(
        "A version's id or a unique prefix of it; absent = the latest head",
        f.optional(f.versionIdText),
      ),
      contentType: f.note("Media type; absent = the source's", f.optional(f.contentType)),
      metadata: f.note("Pairs of the writer’s own; absent = the source's", f.optional(f.metadata)),
      context: f.note('Token of a GET of the key: cover just what it shows', f.optional(f.token)),
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
  getHistory: define({
    doc: 'All versions of a key, newest first, with what each covers.',
    frame: 'FETCH',
    op: 'history',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.note('The bucket', f.bucketName),
      key: f.note('The key', f.keyText),
      limit: f.note('At most so many versions; all when absent', f.optional(f.integer(1))),
    },
    response: {
      versions: f.note(
        'Versions, each after those that cover it',
        f.list(
          f.map({
            versionId: f.note('Id of the version', f.versionIdText),
            kind: f.note('An object, or a marker that says "deleted"', f.oneOf('object', 'marker')),
            size: f.note('Bytes of the body', f.integer()),
            etag: f.note('Opaque tag of the content', f.text(128)),
            contentType: f.note('Media type, free text; empty = none', f.contentType),
            createdAt: f.note('Hybrid time of the write', f.hybridTime),
            seq: f.note('1 + the greatest that it covers', f.integer()),
            actor: f.note('Actor of its dot', f.text(16)),
            counter: f.note('Counter of its dot', f.integer()),
            mintedBy: f.note('Agent that minted it, where it is known', f.optional(f.nodeId)),
            isLatest: f.note('It is the latest head', f.boolean),
            isHead: f.note('No other version covers it', f.boolean),
            parents: f.note(
              'Ids of the versions that it covers and no other that it covers does',
              f.list(f.versionIdText, 1024),
            ),
          }),
          limits.listLimitMax,
        ),
      ),
    },
  }),
  getPolicy: define({
    doc: 'The retention policy in force for a key, a bucket or the cluster, and what it would remove.',
    frame: 'GET',
    op: 'policy',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.note('The bucket; absent = the policy of the cluster', f.optional(f.bucketName)),
      key: f.note('The key; absent = the policy of the bucket', f.optional(f.keyText)),
    },
    response: {
      policy: f.note('Policy in force', f.text(256)),
      from: f.note('Whose it is', f.oneOf('object', 'bucket', 'cluster', 'default')),
      own: f.note('What the target itself says', f.text(256)),
      versions: f.note('Of a key: versions that there are', f.optional(f.integer())),
      next: f.note(
        'Of a key: versions that the next PUT would remove, oldest first',
        f.optional(
          f.list(f.map({ versionId: f.versionIdText, createdAt: f.hybridTime, size: f.integer() }), 8192),
        ),
      ),
    },
  }),
  setPolicy: define({
    doc: 'Sets the retention policy of a key (which needs a version), a bucket or the cluster. Nothing is removed before the next PUT.',
    frame: 'PUT',
    op: 'policy',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.note('The bucket; absent = the policy of the cluster', f.optional(f.bucketName)),
      key: f.note('The key; absent = the policy of the bucket', f.optional(f.keyText)),
      policy: f.note(policyNote, f.text(256, 1)),
    },
    response: {},
  }),
  getTags: define({
    doc: 'The tags of a version: the latest head, or the one that is named.',
    frame: 'GET',
    op: 'tags',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.note('The bucket', f.bucketName),
      key: f.note('The key', f.keyText),
      versionId: f.note("A version's id or a unique prefix of it", f.optional(f.versionIdText)),
    },
    response: {
      versionId: f.note('Id of the version', f.versionIdText),
      tags: f.note('Names and values, by name', f.list(f.pair(f.text(63, 1), f.text(1024)), 64)),
    },
  }),
  setTags: define({
    doc: 'Sets and clears tags of a version; tags that are not named stay. Each is a register of its own: of writes that race the later wins.',
    frame: 'PUT',
    op: 'tags',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.note('The bucket', f.bucketName),
      key: f.note('The key', f.keyText),
      versionId: f.note("A version's id or a unique prefix of it", f.optional(f.versionIdText)),
      set: f.note('Names and values', f.list(f.pair(f.text(63, 1), f.text(1024)), 64)),
      clear: f.note('Names of tags that go', f.list(f.text(63, 1), 64)),
    },
    response: {
      versionId: f.note('Id of the version', f.versionIdText),
      tags: f.note('Names and values, by name', f.list(f.pair(f.text(63, 1), f.text(1024)), 64)),
    },
  }),
  listKeys: define({
    doc: 'One page of the live keys of a bucket, in bytewise order.',
    frame: 'LIST',
    op: 'keys',
    from: users,
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
  // ---- client → server: buckets, cluster
  putBucket: define({
    doc: 'Makes a bucket.',
    frame: 'PUT',
    op: 'bucket',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.note('The bucket', f.bucketName),
      replicas: f.note('Number of owners of each key (N)', f.optional(f.integer(1, 64))),
      readQuorum: f.note('Owners that a read waits for (R)', f.optional(f.integer(1, 64))),
      writeQuorum: f.note('Agents that a write waits for (W)', f.optional(f.integer(1, 64))),
      strict: f.note('Only owners count towards the quorum, no fallbacks', f.optional(f.boolean)),
      policy: f.note(policyNote, f.optional(f.text(256, 1))),
      cutting: f.note(cuttingNote, f.optional(cutting)),
    },
    response: bucketFields,
  }),
  getBucket: define({
    doc: 'A bucket’s settings.',
    frame: 'GET',
    op: 'bucket',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: { bucket: f.note('The bucket', f.bucketName) },
    response: bucketFields,
  }),
  setBucket: define({
    doc: 'Changes a bucket’s settings; what is absent stays.',
    frame: 'PUT',
    op: 'bucket-settings',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.note('The bucket', f.bucketName),
      readQuorum: f.note('Owners that a read waits for (R)', f.optional(f.integer(1, 64))),
      writeQuorum: f.note('Agents that a write waits for (W)', f.optional(f.integer(1, 64))),
      strict: f.note('Only owners count towards the quorum, no fallbacks', f.optional(f.boolean)),
      policy: f.note(policyNote, f.optional(f.text(256, 1))),
      cutting: f.note(cuttingNote, f.optional(cutting)),
    },
    response: bucketFields,
  }),
  deleteBucket: define({
    doc: 'Removes a bucket.',
    frame: 'DELETE',
    op: 'bucket',
    from: users,
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
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {},
    response: { buckets: f.note('Buckets', f.list(f.map(bucketFields), 65536)) },
  }),
  getStatus: define({
    doc: 'The state of the cluster as this server sees it.',
    frame: 'GET',
    op: 'status',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {},
    response: {
      epoch: f.note('Number of the layout', f.integer()),
      partitions: f.note('Number of partitions', f.integer()),
      replicas: f.note('Number of owners of each key (N)', f.integer()),
      healthy: f.note('Nothing is wrong', f.boolean),
      problems: f.note('What is wrong, in plain words', f.list(f.text(4096), 1024)),
      members: f.note(
        'The nodes as the sender knows them',
        f.list(
          f.map({
            ...member,
            usedBytes: f.optional(f.integer()),
            partitions: f.optional(f.integer()),
            keys: f.optional(f.integer()),
            versions: f.optional(f.integer()),
            blocks: f.optional(f.integer()),
            ...blockStates,
          }),
          limits.membersMax,
        ),
      ),
      buckets: f.note('Buckets', f.integer()),
    },
  }),
  initLayout: define({
    doc: 'Makes the first layout over the agents that are there.',
    frame: 'PUT',
    op: 'layout',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      agents: f.note(
        'Refuse unless exactly this many agents are there',
        f.optional(f.integer(1, limits.membersMax)),
      ),
      replicas: f.note('Number of owners of each key (N)', f.optional(f.integer(1, 64))),
    },
    response: {
      epoch: f.note('Number of the layout', f.integer()),
      agents: f.note('The agents of the layout', strings(limits.membersMax)),
      replicas: f.note('Number of owners of each key (N)', f.integer()),
      partitions: f.note('Number of partitions', f.integer()),
    },
  }),
  getLayout: define({
    doc: 'The layout in force.',
    frame: 'GET',
    op: 'layout',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {},
    response: {
      epoch: f.note('Number of the layout', f.integer()),
      partitions: f.note('Number of partitions', f.integer()),
      replicas: f.note('Number of owners of each key (N)', f.integer()),
      agents: f.note(
        'The agents of the layout',
        f.list(
          f.map({ id: f.nodeId, zone: f.text(64), capacity: f.integer(), partitions: f.integer() }),
          limits.membersMax,
        ),
      ),
    },
  }),
  startScrub: define({
    doc: 'Asks all agents to check all their blocks now, at a higher rate, and to repair what is damaged. A pass that was asked for before and is under way answers it too.',
    frame: 'PUT',
    op: 'scrub',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {},
    response: scrubAnswer,
  }),
  getScrub: define({
    doc: 'How the scrubs of all agents are.',
    frame: 'GET',
    op: 'scrub',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {},
    response: scrubAnswer,
  }),
  // ---- server → agent, agent → agent
  mint: define({
    doc: 'Gives a new version its dot, persists it and answers the record and the delta for the other owners.',
    frame: 'POST',
    op: 'mint',
    from: nodes,
    to: ['agent'],
    ...interactive,
    requestBody: 'optional',
    responseBody: 'none',
    request: {
      ...keyAddress,
      opId: f.note(
        '16 random bytes of the writer’s; the same for each retry, and the version’s id derives from them',
        f.opId,
      ),
      kind: f.note('An object, or a marker that says "deleted"', f.oneOf('object', 'marker')),
      cover: f.note(
        "What the server read from other owners; joined with the minter's own knowledge unless `exact`",
        f.optional(contextBytes),
      ),
      exact: f.note("`cover` is a client's context: cover just that", f.optional(f.boolean)),
      seenTime: f.note('Greatest `createdAt` that the clock read saw', f.optional(f.hybridTime)),
      seenSeq: f.note('Greatest `seq` among what the clock read saw', f.optional(f.integer())),
      size: f.note('Bytes of the body', f.integer()),
      sha256: f.note('Digest of the whole body', f.sha256),
      etag: f.note('Opaque tag of the content', f.text(128)),
      contentType: f.note('Media type, free text; empty = none', f.contentType),
      metadata: f.note('Pairs of the writer’s own, in order', f.metadata),
      blocks: f.note(
        '32-byte hashes, one after the other, of a body that is not inline; `blockSizes` beside them',
        f.optional(opaque(limits.headBytesMax)),
      ),
      blockSizes: f.note(
        'Size of each of these blocks',
        f.optional(f.list(f.integer(0, limits.blockBytesMax), 65536)),
      ),
      policy: f.note(
        "Retention policy of the bucket; the key's own goes before it. Absent = `all`",
        f.optional(f.text(256, 1)),
      ),
      live: f.note(
        'What the clock read told of the oldest versions of other owners, one report each',
        f.optional(f.list(opaque(limits.headBytesMax / 2), 64)),
      ),
      attributes: f.note(
        'Registers of the key that other owners hold, as the clock read told',
        f.optional(attributeBytes),
      ),
      setPolicy: f.note(
        'Sets the policy of the key with the version; `inherit` clears it',
        f.optional(f.text(256, 1)),
      ),
      attempt: f.note(
        'Names the attempt: after a look for the opId under another attempt (FETCH `key`), a mint under this one is SUPERSEDED',
        f.optional(f.bytes(8, true)),
      ),
    },
    response: {
      time: f.note('Hybrid clock of the sender', f.hybridTime),
      record: f.note('The version as it is stored and shipped', recordBytes),
      delta: f.note("What the delta's context is (the dot with `after`, and what it removes)", contextBytes),
      context: f.note("The key's closed context after the write", contextBytes),
      siblings: f.note('Other heads after the write', f.list(f.versionIdText, 1024)),
      repeated: f.note('An earlier attempt with this opId was found and completed', f.optional(f.boolean)),
      attributes: f.note(
        'Registers that were set with the version, for the other owners',
        f.optional(attributeBytes),
      ),
    },
  }),
  merge: define({
    doc: 'Joins a delta or a whole state into the key’s state. Durable before it is answered.',
    frame: 'POST',
    op: 'merge',
    from: nodes,
    to: ['agent'],
    ...interactive,
    requestBody: 'optional',
    responseBody: 'none',
    request: {
      ...keyAddress,
      context: f.note('Join this context …', contextBytes),
      record: f.note(
        "… and at most one version, whose inline body is the request's body",
        f.optional(recordBytes),
      ),
      keep: f.note(
        'Versions that the sent state also holds: dots `[actor, counter]`. Held ones stay; all else that `context` covers goes',
        f.optional(f.list(f.pair(f.text(16), f.integer(1)), 65536)),
      ),
      opId: f.note(
        '16 random bytes of the writer’s; the same for each retry, and the version’s id derives from them',
        f.optional(f.opId),
      ),
      attributes: f.note('Join these registers of the key and its versions', f.optional(attributeBytes)),
    },
    response: {
      time: f.note('Hybrid clock of the sender', f.hybridTime),
      outcome: f.note(
        '`seen`: the version was covered already and is not here (never an ack)',
        f.oneOf('stored', 'had', 'seen'),
      ),
      context: f.note("The key's closed context after the merge", contextBytes),
      removed: f.note('Ids of the versions that are gone', f.optional(f.list(f.versionIdText, 65536))),
    },
  }),
  putBlock: define({
    doc: 'Stores a block under its hash. The body is the block.',
    frame: 'POST',
    op: 'block',
    from: nodes,
    to: ['agent'],
    ...interactive,
    requestBody: 'required',
    responseBody: 'none',
    request: {
      ...addressed,
      hash: f.note('SHA-256 of the block', f.sha256),
      size: f.note('Bytes of the body', f.integer(1, limits.blockBytesMax)),
      bucketId: f.note('Id of the bucket', f.bytes(16, true)),
      opId: f.note(
        '16 random bytes of the writer’s; the same for each retry, and the version’s id derives from them',
        f.opId,
      ),
    },
    response: {
      time: f.note('Hybrid clock of the sender', f.hybridTime),
      had: f.note('It was there already', f.boolean),
    },
  }),
  putEpoch: define({
    doc: 'Stores a layout: write-once by its number.',
    frame: 'POST',
    op: 'epoch',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: { epoch: f.note('The layout, encoded', recordBytes) },
    response: { epoch: f.note('The layout, encoded', recordBytes) },
  }),
  fetchEpoch: define({
    doc: 'The newest layout that the agent holds.',
    frame: 'FETCH',
    op: 'epoch',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: {},
    response: { epoch: f.note('The layout, encoded; absent = none', f.optional(recordBytes)) },
  }),
  fetchKey: define({
    doc: 'The state of a key, as much of it as is wanted.',
    frame: 'FETCH',
    op: 'key',
    from: nodes,
    to: ['agent'],
    ...interactive,
    requestBody: 'none',
    responseBody: 'optional',
    request: {
      ...keyAddress,
      want: f.note(
        "`clock`: context, times, digest. `heads`: also the heads, and the latest head's inline body. `state`: also all versions. `digest`: the digest alone",
        f.oneOf('digest', 'clock', 'heads', 'state'),
      ),
      versionId: f.note(
        'Of `versions`, only those with this id or id prefix (with `state`); heads come all the same',
        f.optional(f.versionIdText),
      ),
      at: f.note(
        'With `heads`: the heads among the versions up to this hybrid time',
        f.optional(f.hybridTime),
      ),
      policy: f.note(
        "With `clock`: the bucket's retention policy; where it (or the key's own) limits versions, `live` tells of the oldest",
        f.optional(f.text(256, 1)),
      ),
      attempt: f.note(
        'With `state` and a whole `versionId`: from now on no mint of this operation is taken but under this attempt',
        f.optional(f.bytes(8, true)),
      ),
    },
    response: {
      time: f.note('Hybrid clock of the sender', f.hybridTime),
      digest: f.note('Digest of the key’s state', digestBytes),
      context: f.note(
        "Closed (with the contexts of all versions) for `clock` and `heads`; the state's own, as merging needs it, for `state`",
        f.optional(contextBytes),
      ),
      newest: f.note('Greatest `createdAt` and `seq` in the state', f.optional(f.hybridTime)),
      seq: f.note('Greatest `seq` in the state', f.optional(f.integer())),
      heads: f.note('Records of the heads, newest first', f.optional(f.list(recordBytes, 1024))),
      versions: f.note(
        'Versions that are no heads, over as many frames as it takes',
        f.optional(f.list(recordBytes, 65536)),
      ),
      attributes: f.note(
        'Registers of the key and its versions (`clock`: of the key alone); absent = none',
        f.optional(attributeBytes),
      ),
      live: f.note(
        'Oldest versions, as many as a retention policy may ask for',
        f.optional(opaque(limits.headBytesMax / 2)),
      ),
      removed: f.note(
        'With `versionId`: ids among the last that were removed here, and how',
        f.optional(f.list(f.pair(f.versionIdText, f.oneOf('pruned', 'purged', 'merged')), 64)),
      ),
    },
  }),
  fetchBody: define({
    doc: 'The inline body of a version.',
    frame: 'FETCH',
    op: 'body',
    from: nodes,
    to: ['agent'],
    ...interactive,
    requestBody: 'none',
    responseBody: 'optional',
    request: {
      ...keyAddress,
      dot: f.note('Actor and counter of the version', f.pair(f.text(16), f.integer(1))),
    },
    response: { time: f.note('Hybrid clock of the sender', f.hybridTime) },
  }),
  fetchBlock: define({
    doc: 'A block’s bytes.',
    frame: 'FETCH',
    op: 'block',
    from: nodes,
    to: ['agent'],
    ...interactive,
    requestBody: 'none',
    responseBody: 'optional',
    request: { ...addressed, hash: f.note('SHA-256 of the block', f.sha256) },
    response: {
      time: f.note('Hybrid clock of the sender', f.hybridTime),
      size: f.note('Bytes of the body', f.integer(0, limits.blockBytesMax)),
    },
  }),
  fetchRange: define({
    doc: 'States of keys of a bucket in order, one page.',
    frame: 'FETCH',
    op: 'range',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: {
      ...addressed,
      bucketId: f.note('Id of the bucket', f.bytes(16, true)),
      after: f.note('Keys strictly after this one', f.optional(f.keyPrefix)),
      prefix: f.note('Only keys that begin with this', f.optional(f.keyPrefix)),
      limit: f.note('Most entries of one page', f.integer(1, limits.listLimitMax)),
      versions: f.note('Heads only, or all versions', f.optional(f.boolean)),
      at: f.note(
        'Only versions up to this hybrid time: heads (and whether they cover all) are judged on these',
        f.optional(f.hybridTime),
      ),
    },
    response: {
      time: f.note('Hybrid clock of the sender', f.hybridTime),
      keys: f.note(
        "Key, the state's own context, head records, whether these cover all that the key's versions cover, and, when asked for, the other versions. Deleted states included, in key order (bytewise)",
        f.list(
          f.map({
            key: f.keyText,
            context: contextBytes,
            heads: f.list(recordBytes, 1024),
            headsCoverAll: f.boolean,
            versions: f.optional(f.list(recordBytes, 65536)),
          }),
          limits.listLimitMax,
        ),
      ),
      exhausted: f.note('No key follows the last one (in the last frame)', f.optional(f.boolean)),
    },
  }),
  fetchUsage: define({
    doc: 'What the agent holds.',
    frame: 'FETCH',
    op: 'usage',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: {},
    response: {
      usedBytes: f.note('Bytes on disk', f.integer()),
      freeBytes: f.note('Bytes free on disk', f.integer()),
      keys: f.note('Number of keys', f.integer()),
      versions: f.note('Number of versions', f.integer()),
      blocks: f.note('Number of blocks', f.integer()),
      actors: f.note(
        'Actors under which the agent has minted, newest first',
        f.optional(f.list(f.text(16), 1024)),
      ),
      rowsRead: f.note('Rows of key states and versions read since the start', f.optional(f.integer())),
      rowsWritten: f.note('Rows of key states and versions written since the start', f.optional(f.integer())),
      ...blockStates,
      scrub: f.note('Its scrub', f.optional(f.map(scrubState))),
    },
  }),
  setAttributes: define({
    doc: 'Sets registers of a key or of one of its versions, persists them and answers them for the other owners. VERSION_NOT_FOUND where the version is not held.',
    frame: 'POST',
    op: 'attributes',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: {
      ...keyAddress,
      version: f.note(
        'Actor and counter of the version; absent = registers of the key',
        f.optional(f.pair(f.text(16), f.integer(1))),
      ),
      set: f.note('Names and values', f.list(f.pair(f.text(128, 1), f.bytes(64 * 1024)), 64)),
      clear: f.note('Names that are cleared', f.list(f.text(128, 1), 64)),
      seenTime: f.note('Greatest time among the registers that other owners hold', f.optional(f.hybridTime)),
    },
    response: {
      time: f.note('Hybrid clock of the sender', f.hybridTime),
      attributes: f.note('The registers that were set', attributeBytes),
    },
  }),
  referBlocks: define({
    doc: 'Adds references to blocks that are here, which then need not be sent: asked before a body is written or copied.',
    frame: 'POST',
    op: 'block-references',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: {
      ...addressed,
      hashes: f.note('32-byte hashes, one after the other', opaque(limits.headBytesMax / 2)),
      bucketId: f.note('Id of the bucket', f.bytes(16, true)),
      opId: f.note('Operation that needs them', f.opId),
    },
    response: {
      time: f.note('Hybrid clock of the sender', f.hybridTime),
      missing: f.note('Positions of the blocks that are not here', f.list(f.integer(0, 65535), 65536)),
    },
  }),
  scrubBlocks: define({
    doc: 'Begins to check all blocks of the agent, at a higher rate. A pass that was asked for before and is under way answers it too.',
    frame: 'POST',
    op: 'scrub',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: {},
    response: { waitFor: f.note('Number of the pass that answers the request', f.integer()) },
  }),
  // ---- any node ↔ any node
  gossip: define({
    doc: 'Exchange of what both know of the members.',
    frame: 'GOSSIP',
    op: 'members',
    from: nodes,
    to: nodes,
    priority: 'background',
    idempotent: true,
    ...noBodies,
    request: {
      members: f.note('The nodes as the sender knows them', f.list(f.map(member), limits.membersMax)),
      epoch: f.note('Number of the layout', f.integer(0)),
    },
    response: {
      members: f.note('The nodes as the sender knows them', f.list(f.map(member), limits.membersMax)),
      epoch: f.note('Number of the layout', f.integer(0)),
    },
  }),
} as const

export type MessageName = keyof typeof messages
export type RequestOf<N extends MessageName> = f.HeadOf<(typeof messages)[N]['request']>
export type ResponseOf<N extends MessageName> = f.HeadOf<(typeof messages)[N]['response']>
