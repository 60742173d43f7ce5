import { limits } from '../limits.js'
import * as f from './fields.js'
import type { FrameName, Role } from './frame-types.js'

/**
 * The table of messages: a request is a frame type and an `op` in its head. Types, dispatch, role checks
 * and `docs/PROTOCOL.md` derive from it. Append only; a message's meaning never changes.
 */
export interface Message<Q extends f.Fields = f.Fields, A extends f.Fields = f.Fields> {
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
  contentType: f.optional(f.contentType),
  metadata: f.optional(f.metadata),
  /** Token of a GET: cover just what it shows. */
  context: f.optional(f.token),
  /** Bytes of the body where the writer knows them. */
  size: f.optional(f.integer(0, limits.objectBytesMax)),
  /** Digest of the whole body where the writer knows it beforehand (else it may come with END). */
  sha256: f.optional(f.sha256),
  /** Shared path: the server reads this file and no body comes. */
  shared: f.optional(f.text(limits.pathBytesMax, 1)),
  strict: f.optional(f.boolean),
  /** Sent before under this opId: ask all owners for it before minting. */
  retry: f.optional(f.boolean),
}

/** Where a write went (INTERFACE, "put, post"). */
const writeAnswer = {
  key: f.optional(f.keyText),
  versionId: f.versionIdText,
  size: f.integer(),
  etag: f.text(128),
  sha256: f.sha256,
  contentType: f.contentType,
  createdAt: f.hybridTime,
  context: f.token,
  clock: f.clockPairs,
  siblings: f.list(f.versionIdText, 1024),
  mintedBy: f.nodeId,
  preferenceList: strings(64),
  replicasWritten: strings(64),
  vectorClocks: f.list(f.pair(f.nodeId, f.clockPairs), 64),
  down: strings(limits.membersMax),
  hinted: f.list(f.pair(f.nodeId, strings(64)), 64),
  deduplicatedBytes: f.integer(),
  sentBytes: f.integer(),
}

const versionFields = {
  versionId: f.versionIdText,
  kind: f.oneOf('object', 'marker'),
  size: f.integer(),
  etag: f.text(128),
  sha256: f.sha256,
  contentType: f.contentType,
  metadata: f.metadata,
  createdAt: f.hybridTime,
  isLatest: f.boolean,
  siblings: f.list(f.versionIdText, 1024),
  context: f.token,
  clock: f.clockPairs,
  /** Set when a source that could know a newer version did not answer. */
  degraded: f.optional(f.boolean),
}

const versionRequest = {
  bucket: f.bucketName,
  key: f.keyText,
  /** A version's id or a unique prefix of it; absent = the latest head. */
  versionId: f.optional(f.versionIdText),
  strict: f.optional(f.boolean),
}

const bucketFields = {
  bucket: f.bucketName,
  createdAt: f.hybridTime,
  replicas: f.integer(1, 64),
  readQuorum: f.integer(1, 64),
  writeQuorum: f.integer(1, 64),
  strict: f.boolean,
  policy: f.text(256),
}

const listRequest = {
  bucket: f.bucketName,
  prefix: f.optional(f.keyPrefix),
  delimiter: f.optional(f.text(64, 1)),
  limit: f.optional(f.integer(1, limits.listLimitMax)),
  startAfter: f.optional(f.keyPrefix),
  /** Continuation of an earlier page. */
  token: f.optional(f.token),
}

/** An entry is `{prefix}` or a version. */
const listEntry = f.map({
  prefix: f.optional(f.text(limits.keyBytesMax)),
  key: f.optional(f.keyText),
  versionId: f.optional(f.versionIdText),
  size: f.optional(f.integer()),
  etag: f.optional(f.text(128)),
  createdAt: f.optional(f.hybridTime),
  kind: f.optional(f.oneOf('object', 'marker')),
  isLatest: f.optional(f.boolean),
  siblings: f.optional(f.list(f.versionIdText, 1024)),
})

const listAnswer = { entries: f.list(listEntry, limits.listLimitMax), token: f.optional(f.token) }

/** A replica request names the layout under which it was addressed (DESIGN §6). */
const addressed = {
  epoch: f.integer(0),
  stage: f.integer(1, 3),
  /** The sender's hybrid clock. */
  time: f.hybridTime,
}
const keyAddress = { ...addressed, bucketId: f.bytes(16, true), key: f.keyText }

/** Causal contexts, version records and epochs are opaque here; `@torc/cluster` encodes them. */
const opaque = (max: number) => f.bytes(max)
const contextBytes = opaque(256 * 1024)
const recordBytes = opaque(limits.headBytesMax)
const digestBytes = f.bytes(16, true)

export const member = {
  id: f.nodeId,
  name: f.text(48, 1),
  role: f.oneOf('server', 'agent', 'gateway'),
  /** `host:port` under which others reach it. */
  address: f.text(300, 1),
  zone: f.text(64),
  capacity: f.integer(),
  incarnation: f.integer(),
  state: f.oneOf('alive', 'suspect', 'down', 'left'),
}

export const messages = {
  // ---- client → server: objects
  putObject: define({
    frame: 'PUT',
    op: 'object',
    from: users,
    to: ['server'],
    ...interactive,
    requestBody: 'optional',
    responseBody: 'none',
    request: { bucket: f.bucketName, key: f.keyText, opId: f.opId, ...writtenFields },
    response: writeAnswer,
  }),
  postDatum: define({
    frame: 'POST',
    op: 'datum',
    from: users,
    to: ['server'],
    ...interactive,
    requestBody: 'optional',
    responseBody: 'none',
    request: { bucket: f.bucketName, opId: f.opId, ...writtenFields },
    response: writeAnswer,
  }),
  getObject: define({
    frame: 'GET',
    op: 'object',
    from: users,
    to: ['server'],
    ...interactive,
    requestBody: 'none',
    responseBody: 'optional',
    request: {
      ...versionRequest,
      /** First and last byte, inclusive; −1 as last = to the end; −n as first = the last n bytes. */
      range: f.optional(f.pair(f.integer(-limits.objectBytesMax), f.integer(-1))),
      /** Shared path: the server writes the file and no body comes. */
      shared: f.optional(f.text(limits.pathBytesMax, 1)),
    },
    response: {
      ...versionFields,
      /** Bytes that were asked for: first, last. */ range: f.optional(f.pair(f.integer(), f.integer(-1))),
    },
  }),
  headObject: define({
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
    frame: 'DELETE',
    op: 'object',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.bucketName,
      key: f.keyText,
      opId: f.opId,
      /** Purge just this version. */
      versionId: f.optional(f.versionIdText),
      context: f.optional(f.token),
      /** Add a delete marker instead of purging. */
      marker: f.optional(f.boolean),
      strict: f.optional(f.boolean),
      /** Sent before under this opId. */
      retry: f.optional(f.boolean),
    },
    response: {
      removed: f.list(f.versionIdText, 65536),
      marker: f.optional(f.versionIdText),
      context: f.token,
    },
  }),
  listKeys: define({
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
    frame: 'FETCH',
    op: 'bucket',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: { bucket: f.bucketName, prefix: f.optional(f.keyPrefix) },
    response: {
      items: f.list(
        f.map({ key: f.keyText, versionId: f.versionIdText, size: f.integer(), agents: strings(64) }),
        limits.listLimitMax,
      ),
      /** Partitions of which fewer than R owners answered (in the last frame). */
      missing: f.optional(f.list(f.integer(0, 65535), 65536)),
      silent: f.optional(strings(limits.membersMax)),
    },
  }),
  // ---- client → server: buckets, cluster
  putBucket: define({
    frame: 'PUT',
    op: 'bucket',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.bucketName,
      replicas: f.optional(f.integer(1, 64)),
      readQuorum: f.optional(f.integer(1, 64)),
      writeQuorum: f.optional(f.integer(1, 64)),
      strict: f.optional(f.boolean),
    },
    response: bucketFields,
  }),
  getBucket: define({
    frame: 'GET',
    op: 'bucket',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: { bucket: f.bucketName },
    response: bucketFields,
  }),
  deleteBucket: define({
    frame: 'DELETE',
    op: 'bucket',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: { bucket: f.bucketName, force: f.optional(f.boolean) },
    response: {},
  }),
  listBuckets: define({
    frame: 'LIST',
    op: 'buckets',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {},
    response: { buckets: f.list(f.map(bucketFields), 65536) },
  }),
  getStatus: define({
    frame: 'GET',
    op: 'status',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {},
    response: {
      epoch: f.integer(),
      partitions: f.integer(),
      replicas: f.integer(),
      healthy: f.boolean,
      problems: f.list(f.text(4096), 1024),
      members: f.list(
        f.map({
          ...member,
          usedBytes: f.optional(f.integer()),
          partitions: f.optional(f.integer()),
          keys: f.optional(f.integer()),
          versions: f.optional(f.integer()),
          blocks: f.optional(f.integer()),
        }),
        limits.membersMax,
      ),
      buckets: f.integer(),
    },
  }),
  initLayout: define({
    frame: 'PUT',
    op: 'layout',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      /** Refuse unless exactly this many agents are there. */ agents: f.optional(
        f.integer(1, limits.membersMax),
      ),
      replicas: f.optional(f.integer(1, 64)),
    },
    response: {
      epoch: f.integer(),
      agents: strings(limits.membersMax),
      replicas: f.integer(),
      partitions: f.integer(),
    },
  }),
  getLayout: define({
    frame: 'GET',
    op: 'layout',
    from: users,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {},
    response: {
      epoch: f.integer(),
      partitions: f.integer(),
      replicas: f.integer(),
      agents: f.list(
        f.map({ id: f.nodeId, zone: f.text(64), capacity: f.integer(), partitions: f.integer() }),
        limits.membersMax,
      ),
    },
  }),
  // ---- server → agent, agent → agent
  mint: define({
    frame: 'POST',
    op: 'mint',
    from: nodes,
    to: ['agent'],
    ...interactive,
    requestBody: 'optional',
    responseBody: 'none',
    request: {
      ...keyAddress,
      opId: f.opId,
      kind: f.oneOf('object', 'marker'),
      /** What the server read from other owners; joined with the minter's own knowledge unless `exact`. */
      cover: f.optional(contextBytes),
      /** `cover` is a client's context: cover just that. */
      exact: f.optional(f.boolean),
      /** Greatest `createdAt` that the clock read saw. */
      seenTime: f.optional(f.hybridTime),
      /** Greatest `seq` among what the clock read saw. */
      seenSeq: f.optional(f.integer()),
      size: f.integer(),
      sha256: f.sha256,
      etag: f.text(128),
      contentType: f.contentType,
      metadata: f.metadata,
      /** 32-byte hashes, one after the other, of a body that is not inline; `blockSizes` beside them. */
      blocks: f.optional(opaque(limits.headBytesMax)),
      blockSizes: f.optional(f.list(f.integer(0, limits.blockBytesMax), 65536)),
    },
    response: {
      time: f.hybridTime,
      /** The version as it is stored and shipped. */
      record: recordBytes,
      /** What the delta's context is (the dot with `after`, and what it removes). */
      delta: contextBytes,
      /** The key's closed context after the write. */
      context: contextBytes,
      /** Other heads after the write. */
      siblings: f.list(f.versionIdText, 1024),
      /** An earlier attempt with this opId was found and completed. */
      repeated: f.optional(f.boolean),
    },
  }),
  merge: define({
    frame: 'POST',
    op: 'merge',
    from: nodes,
    to: ['agent'],
    ...interactive,
    requestBody: 'optional',
    responseBody: 'none',
    request: {
      ...keyAddress,
      /** Join this context … */
      context: contextBytes,
      /** … and at most one version, whose inline body is the request's body. */
      record: f.optional(recordBytes),
      /** Versions that the sent state also holds: dots `[actor, counter]`. Held ones stay; all else that `context` covers goes. */
      keep: f.optional(f.list(f.pair(f.text(16), f.integer(1)), 65536)),
      opId: f.optional(f.opId),
    },
    response: {
      time: f.hybridTime,
      /** `seen`: the version was covered already and is not here (never an ack). */
      outcome: f.oneOf('stored', 'had', 'seen'),
      /** The key's closed context after the merge. */
      context: contextBytes,
      removed: f.optional(f.list(f.versionIdText, 65536)),
    },
  }),
  putBlock: define({
    frame: 'POST',
    op: 'block',
    from: nodes,
    to: ['agent'],
    ...interactive,
    requestBody: 'required',
    responseBody: 'none',
    request: {
      ...addressed,
      hash: f.sha256,
      size: f.integer(1, limits.blockBytesMax),
      bucketId: f.bytes(16, true),
      opId: f.opId,
    },
    response: { time: f.hybridTime, had: f.boolean },
  }),
  putEpoch: define({
    frame: 'POST',
    op: 'epoch',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: { epoch: recordBytes },
    response: { epoch: recordBytes },
  }),
  fetchEpoch: define({
    frame: 'FETCH',
    op: 'epoch',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: {},
    response: { epoch: f.optional(recordBytes) },
  }),
  fetchKey: define({
    frame: 'FETCH',
    op: 'key',
    from: nodes,
    to: ['agent'],
    ...interactive,
    requestBody: 'none',
    responseBody: 'optional',
    request: {
      ...keyAddress,
      /** `clock`: context, times, digest. `heads`: also the heads, and the latest head's inline body. `state`: also all versions. `digest`: the digest alone. */
      want: f.oneOf('digest', 'clock', 'heads', 'state'),
      /** Of `versions`, only those with this id or id prefix (with `state`); heads come all the same. */
      versionId: f.optional(f.versionIdText),
    },
    response: {
      time: f.hybridTime,
      digest: digestBytes,
      /** Closed (with the contexts of all versions) for `clock` and `heads`; the state's own, as merging needs it, for `state`. */
      context: f.optional(contextBytes),
      /** Greatest `createdAt` and `seq` in the state. */
      newest: f.optional(f.hybridTime),
      seq: f.optional(f.integer()),
      heads: f.optional(f.list(recordBytes, 1024)),
      /** Versions that are no heads, over as many frames as it takes. */
      versions: f.optional(f.list(recordBytes, 65536)),
    },
  }),
  fetchBody: define({
    frame: 'FETCH',
    op: 'body',
    from: nodes,
    to: ['agent'],
    ...interactive,
    requestBody: 'none',
    responseBody: 'optional',
    request: { ...keyAddress, dot: f.pair(f.text(16), f.integer(1)) },
    response: { time: f.hybridTime },
  }),
  fetchBlock: define({
    frame: 'FETCH',
    op: 'block',
    from: nodes,
    to: ['agent'],
    ...interactive,
    requestBody: 'none',
    responseBody: 'optional',
    request: { ...addressed, hash: f.sha256 },
    response: { time: f.hybridTime, size: f.integer(0, limits.blockBytesMax) },
  }),
  fetchRange: define({
    frame: 'FETCH',
    op: 'range',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: {
      ...addressed,
      bucketId: f.bytes(16, true),
      /** Keys strictly after this one. */
      after: f.optional(f.keyPrefix),
      prefix: f.optional(f.keyPrefix),
      limit: f.integer(1, limits.listLimitMax),
      /** Heads only, or all versions. */
      versions: f.optional(f.boolean),
    },
    response: {
      time: f.hybridTime,
      /** Key, the state's own context, head records and, when asked for, the other versions. Deleted states included, in key order (bytewise). */
      keys: f.list(
        f.map({
          key: f.keyText,
          context: contextBytes,
          heads: f.list(recordBytes, 1024),
          versions: f.optional(f.list(recordBytes, 65536)),
        }),
        limits.listLimitMax,
      ),
      /** No key follows the last one (in the last frame). */
      exhausted: f.optional(f.boolean),
    },
  }),
  fetchUsage: define({
    frame: 'FETCH',
    op: 'usage',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: {},
    response: {
      usedBytes: f.integer(),
      freeBytes: f.integer(),
      keys: f.integer(),
      versions: f.integer(),
      blocks: f.integer(),
    },
  }),
  // ---- any node ↔ any node
  gossip: define({
    frame: 'GOSSIP',
    op: 'members',
    from: nodes,
    to: nodes,
    priority: 'background',
    idempotent: true,
    ...noBodies,
    request: { members: f.list(f.map(member), limits.membersMax), epoch: f.integer(0) },
    response: { members: f.list(f.map(member), limits.membersMax), epoch: f.integer(0) },
  }),
} as const

export type MessageName = keyof typeof messages
export type RequestOf<N extends MessageName> = f.HeadOf<(typeof messages)[N]['request']>
export type ResponseOf<N extends MessageName> = f.HeadOf<(typeof messages)[N]['response']>
