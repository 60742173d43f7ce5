import { limits } from '../limits.js'
import * as f from './fields.js'
import {
  addressed,
  asHolder,
  bucketReplicas,
  collectionNumber,
  define,
  hintFor,
  hintRevision,
  interactive,
  noBodies,
  nodes,
  nullDots,
  opaque,
  operationId,
  readUnder,
  recordBytes,
  senderTime,
} from './message.js'

const keyAddress = {
  ...addressed,
  bucketId: f.note('Id of the bucket', f.bytes(16, true)),
  key: f.note('The key', f.storedKey),
  collection: readUnder,
}

const contextBytes = opaque(256 * 1024)

const digestBytes = f.bytes(16, true)

/** Attribute registers, as `@torc/cluster` encodes them. */
const attributeBytes = opaque(256 * 1024)

const registerName = f.text(limits.registerNameBytesMax, 1)

/** What servers ask agents, and agents each other, about key states. */
export const replicaMessages = {
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
      opId: operationId,
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
      tags: f.note('Tags that the version is made with, by name; absent = none', f.optional(f.tags)),
      isNull: f.note(
        'A null version: it takes the place of the null versions that it covers',
        f.optional(f.boolean),
      ),
      nulls: f.note('Null versions that other owners hold, as the clock read told', f.optional(nullDots)),
      blocks: f.note(
        '32-byte hashes, one after the other, of a body that is not inline; `blockSizes` beside them',
        f.optional(opaque(limits.headBytesMax)),
      ),
      blockSizes: f.note(
        'Size of each of these blocks',
        f.optional(f.list(f.integer(0, limits.blockBytesMax), 65536)),
      ),
      partBlocks: f.note(
        'How many of these blocks each part of an object has that was uploaded in parts',
        f.optional(f.list(f.integer(0, limits.objectBlocksMax), limits.objectPartsMax)),
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
        'Names the attempt: where the greatest that looked for the opId (FETCH `key`) is another one, the mint is SUPERSEDED',
        f.optional(f.bytes(8, true)),
      ),
      hintFor,
      replicas: bucketReplicas,
    },
    response: {
      time: senderTime,
      hints: hintRevision,
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
      opId: f.optional(operationId),
      attempt: f.note(
        'Beside an `opId` without a version (a purge): as in `mint`',
        f.optional(f.bytes(8, true)),
      ),
      attributes: f.note('Join these registers of the key and its versions', f.optional(attributeBytes)),
      hintFor,
      replicas: bucketReplicas,
    },
    response: {
      time: senderTime,
      hints: hintRevision,
      outcome: f.note(
        '`seen`: the version was covered already and is not here (never an ack)',
        f.oneOf('stored', 'had', 'seen'),
      ),
      context: f.note("The key's closed context after the merge", contextBytes),
      removed: f.note('Ids of the versions that are gone', f.optional(f.list(f.versionIdText, 65536))),
    },
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
        'Of `versions`, only those with this id or id prefix, or (`null`) the null versions (with `state`); heads come all the same',
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
      opId: f.note(
        'With `clock`: a purge of what it tells follows, which is SUPERSEDED here as a `mint` would be',
        f.optional(operationId),
      ),
      attempt: f.note(
        'Beside an `opId`: as in `mint`. With `state` and a whole `versionId`: from now on no mint of this operation, and no purge, is taken but under the greatest attempt that looked. Its hybrid time, shifted by 12 bits, and 12 random bits',
        f.optional(f.bytes(8, true)),
      ),
      asHolder,
    },
    response: {
      time: senderTime,
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
      nulls: f.note('With `clock`: the null versions that it holds; absent = none', f.optional(nullDots)),
      removed: f.note(
        'With `versionId`: ids among the last that were removed here, and how',
        f.optional(f.list(f.pair(f.versionIdText, f.oneOf('pruned', 'purged', 'merged')), 64)),
      ),
      collection: f.note(
        'Collection number of the partition here, where it is above that of the request',
        f.optional(collectionNumber),
      ),
      collecting: f.note(
        'With `state`: no version is left, and the rest is being collected; not to be written back to those that have nothing',
        f.optional(f.boolean),
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
      asHolder,
    },
    response: { time: f.note('Hybrid clock of the sender', f.hybridTime) },
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
      after: f.note('Keys strictly after this one', f.optional(f.storedPrefix)),
      prefix: f.note('Only keys that begin with this', f.optional(f.storedPrefix)),
      limit: f.note('Most entries of one page', f.integer(1, limits.listLimitMax)),
      versions: f.note('Heads only, or all versions', f.optional(f.boolean)),
      at: f.note(
        'Only versions up to this hybrid time: heads (and whether they cover all) are judged on these',
        f.optional(f.hybridTime),
      ),
      onlyHints: f.note(
        'Only keys of which the agent holds hints; answered by any agent of the layout',
        f.optional(f.boolean),
      ),
    },
    response: {
      time: senderTime,
      keys: f.note(
        "Key, the state's own context, head records, whether these cover all that the key's versions cover, and, when asked for, the other versions. Deleted states included, in key order (bytewise)",
        f.list(
          f.map({
            key: f.storedKey,
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
      set: f.note('Names and values', f.list(f.pair(registerName, f.bytes(64 * 1024)), 64)),
      clear: f.note('Names that are cleared', f.list(registerName, 64)),
      seenTime: f.note('Greatest time among the registers that other owners hold', f.optional(f.hybridTime)),
    },
    response: {
      time: senderTime,
      attributes: f.note('The registers that were set', attributeBytes),
    },
  }),
} as const
