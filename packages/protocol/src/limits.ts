/**
 * Every bound of the wire in one place. Sizes are bytes, times are milliseconds.
 * A peer may announce smaller values in HELLO, never larger ones.
 */
export const limits = Object.freeze({
  /** Length prefix of a frame: the bytes that follow it. */
  frameBytesMin: 4,
  frameBytesMax: 2 * 1024 * 1024,
  /** Least that a peer may announce as its `frameBytesMax`: any ERROR must fit. */
  frameBytesMaxMin: 64 * 1024,
  /** The encoded map of a frame (a page of a listing is the largest). */
  headBytesMax: 1024 * 1024,
  headDepthMax: 8,
  /** Largest body that rides in the frame of its request or answer; a larger one is a stream of DATA. */
  inlineBodyBytesMax: 64 * 1024,
  /** Largest body of one DATA frame. */
  dataBytesMax: 256 * 1024,
  /** Least that a peer may announce as its `dataBytesMax`. */
  dataBytesMaxMin: 1024,
  /** Bytes of DATA that a sender may have under way on one stream before a CREDIT. */
  streamWindowBytes: 512 * 1024,
  /** Largest number of bytes a CREDIT may raise a window to. */
  streamWindowBytesMax: 16 * 1024 * 1024,
  /** Requests of one side that are open at once on one connection. */
  openRequestsMax: 1024,
  /** Requests whose body is a stream, open at once on one connection. */
  openStreamsMax: 64,
  /** Bytes queued for sending on one connection before producers wait. */
  sendQueueBytesMax: 8 * 1024 * 1024,
  /** Bytes queued for sending on one connection whose peer does not read: beyond, it is closed. */
  sendQueueBytesClose: 64 * 1024 * 1024,
  /** Bytes of streams that have arrived on one connection and were not read yet, before new ones are refused. */
  receivedBytesMax: 32 * 1024 * 1024,
  /** Requests that wait for a place among `openRequestsMax` before more are refused. */
  waitingRequestsMax: 16 * 1024,
  /** Frames before a peer has proved itself are small. */
  handshakeFrameBytesMax: 4 * 1024,
  /** Connections of one listener that have not proved themselves yet. */
  handshakesMax: 256,
  /** A handshake that takes longer is closed. */
  handshakeMs: 5_000,
  /** Default deadline of a request. */
  requestMs: 30_000,
  requestMsMax: 24 * 60 * 60 * 1000,
  /** An idle connection is probed by PING after this long and closed when no PONG comes. */
  idlePingMs: 15_000,
  pongMs: 10_000,

  bucketNameBytesMax: 63,
  keyBytesMax: 1024,
  /** A key as agents know it: a client's, or one that the servers make of it for themselves (decision 19). */
  storedKeyBytesMax: 1024 + 1 + 64,
  contentTypeBytesMax: 256,
  metadataPairsMax: 64,
  metadataBytesMax: 16 * 1024,
  /** Tags of one version. Name and value hold S3's 128 and 256 characters. */
  tagsMax: 64,
  tagNameBytesMax: 512,
  tagValueBytesMax: 1024,
  /** Tags of a bucket, and bytes of all their names and values together: they are part of its record. */
  bucketTagsMax: 50,
  bucketTagsBytesMax: 12 * 1024,
  /** Name of a register of a key or a version: of a tag, say, and what stands before it. */
  registerNameBytesMax: 640,
  tokenBytesMax: 64 * 1024,
  listLimitMax: 1000,
  pathBytesMax: 4096,
  nodeIdBytesMax: 64,
  /** Operations that one question or release names. */
  operationsMax: 256,
  /** Blocks that one question for their states names. */
  blockStatesMax: 4096,
  membersMax: 1024,
  /** Names of access keys for people. */
  keyNameBytesMax: 128,
  /** Buckets on which one access key has grants, each by its name. */
  grantsMax: 128,
  /** Access keys of one page of their list. */
  accessKeysListedMax: 64,
  /** Leaves of the hash tree of a partition: a power of two. */
  treeLeaves: 64,
  /** Roots of hash trees in one question. */
  treeRootsMax: 4096,
  /** Keys or references of a leaf in one frame. */
  treeItemsMax: 512,
  /** Keys of which what is left is collected together. */
  remaindersMax: 256,
  /** Changes of one batch of the feed, and of one page of an agent's log. */
  feedBatchMax: 1000,
  feedPageMax: 500,
  /** How long a WATCH may wait for a change, and a server for an agent's log to grow. */
  watchMsMax: 60_000,
  tailMsMax: 20_000,
  /** Buckets that the answer to the latter names. */
  tailBucketsMax: 256,
  /** WATCHes that wait at one server at once. */
  waitingWatchesMax: 4096,
  /** Actors of one agent that an answer lists. */
  actorsListedMax: 1024,
  /** News of members that ride on one probe or its answer. */
  memberChangesMax: 64,
  /** Members of whom one node says that they suspect another. */
  suspectedByMax: 8,
  /** One bit for each partition, of which a layout has 65,536 at most. */
  hintsBytesMax: 8192,
  /** Bytes of members in one message, about; those that do not fit come with a later one. */
  membersBytesMax: 768 * 1024,
  memberChangesBytesMax: 64 * 1024,
  /** Patience of a node that probes another one for a third. */
  probeForMsMax: 60_000,

  /** Bodies up to this many bytes are stored with their version; larger ones are blocks. */
  storedInlineBytesMax: 16 * 1024,
  /** Size of a fixed block. */
  blockBytes: 1024 * 1024,
  /** Largest block that may be stored (content-defined cutting may exceed `blockBytes`). */
  blockBytesMax: 4 * 1024 * 1024,
  /** Largest object. */
  objectBytesMax: 16 * 1024 * 1024 * 1024,
  /** Most blocks of an object: `objectBytesMax` in blocks of 640 KiB, the least that content-defined cutting makes. */
  objectBlocksMax: 26_215,
  /** Most parts of an object that was uploaded in parts; they are numbered from 1. */
  objectPartsMax: 10_000,
  /** Least size of a body that clients offer by hashes before they send it. */
  uploadByHashBytesMin: 8 * 1024 * 1024,
  /** Blocks in one request of an upload by hashes. */
  offeredBlocksMax: 256,

  /** Sessions of folders that are synced with one bucket. */
  syncSessionsMax: 1000,
  /** What people know a synced folder by. */
  syncPlaceBytesMax: 4096,
  /** A sync session that was not seen for so long is forgotten. */
  syncSessionIdleMs: 30 * 24 * 60 * 60 * 1000,
})

/** A block in an object's record: its hash, and at worst a run of its own (a count and a size). */
const blockReferenceBytes = 32 + 1 + 5

/** A part in an object's record: how many blocks it has, a run of its own at worst, below 128 but for few. */
const partReferenceBytes = 1 + 1

/** Throws when two limits contradict each other; run at load by the connection. */
export function assertLimits(l: typeof limits = limits): void {
  const rules: [string, boolean][] = [
    ['a head fits a frame', l.headBytesMax + l.inlineBodyBytesMax + 64 <= l.frameBytesMax],
    ['a DATA frame fits a frame', l.dataBytesMax + 64 <= l.frameBytesMax],
    ['a window holds a DATA frame', l.streamWindowBytes >= l.dataBytesMax],
    ['a window may grow', l.streamWindowBytesMax >= l.streamWindowBytes],
    ['a stored inline body rides in a frame', l.storedInlineBytesMax <= l.inlineBodyBytesMax],
    ['fixed blocks suffice for the largest object', l.objectBytesMax / l.blockBytes <= l.objectBlocksMax],
    // Beside it: names, metadata and causal contexts, which are some hundred bytes as a rule.
    ['a block list fits a head', l.objectBlocksMax * blockReferenceBytes + 32 * 1024 <= l.headBytesMax],
    [
      'a block list and its parts fit a head',
      l.objectBlocksMax * blockReferenceBytes + l.objectPartsMax * partReferenceBytes + 31 * 1024 <=
        l.headBytesMax,
    ],
    // A grant: the bucket's name and id, and what is allowed. Beside them: id, name, times and secret.
    [
      'an access key’s record is stored inline',
      l.grantsMax * (l.bucketNameBytesMax + 16 + 8) + l.keyNameBytesMax + 512 <= l.storedInlineBytesMax,
    ],
    // Beside a bucket's tags: some numbers, the name and the policy.
    ['a bucket’s record is stored inline', l.bucketTagsBytesMax + 1024 <= l.storedInlineBytesMax],
    [
      'a page of access keys fits a head',
      l.accessKeysListedMax * (l.grantsMax * (l.bucketNameBytesMax + 24) + l.keyNameBytesMax + 128) <=
        l.headBytesMax,
    ],
    ['a stored key holds a key, NUL and an id', l.storedKeyBytesMax >= l.keyBytesMax + 1 + 64],
    ['a tag is a register', l.tagNameBytesMax + 16 <= l.registerNameBytesMax],
    ['the send queue is refused before it is cut', l.sendQueueBytesMax < l.sendQueueBytesClose],
    ['a handshake frame fits a frame', l.handshakeFrameBytesMax <= l.frameBytesMax],
    ['a list of operations fits a head', l.operationsMax * (l.storedKeyBytesMax + 128) <= l.headBytesMax],
    ['items of a hash tree fit a head', l.treeItemsMax * (l.storedKeyBytesMax + 192) <= l.headBytesMax],
    ['keys that are collected fit a head', l.remaindersMax * (l.storedKeyBytesMax + 128) <= l.headBytesMax],
    // A change beside its key: the version's id, three numbers, two words and the names of the fields.
    ['changes of a log fit a head', l.feedPageMax * (l.storedKeyBytesMax + 192) <= l.headBytesMax],
    ['states of blocks fit a head', l.blockStatesMax * blockReferenceBytes <= l.headBytesMax / 2],
    ['a block holds a fixed block', l.blockBytesMax >= l.blockBytes],
    ['what is offered by hashes is not stored inline', l.uploadByHashBytesMin > l.storedInlineBytesMax],
    // A member beside its hints: ids, name, address, zone, the ids of those who suspect it.
    ['a member fits a message', l.hintsBytesMax + 2048 <= l.memberChangesBytesMax],
    ['members fit a head', l.membersBytesMax + l.hintsBytesMax + 2048 <= l.headBytesMax],
    // A block's hash, challenge and size, whichever message has the most.
    ['offered blocks fit a head', l.offeredBlocksMax * (3 * 32 + 5) + 32 * 1024 <= l.headBytesMax],
  ]
  for (const [rule, holds] of rules) if (!holds) throw new Error(`limits contradict: ${rule}`)
}
