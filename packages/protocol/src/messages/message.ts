import { limits } from '../limits.js'
import type { Access } from './access.js'
import * as f from './fields.js'
import type { FrameName, Role } from './frame-types.js'

interface Row<Q extends f.Fields, A extends f.Fields> {
  /** What it does, for `docs/PROTOCOL.md`. */
  readonly doc: string
  readonly frame: FrameName
  readonly op: string
  /** Roles that answer it. */
  readonly to: readonly Role[]
  readonly request: Q
  /** Fields of the answer (`answerFrameOf`): of the RESULT or EVENT, or of each FETCH_RESP. */
  readonly response: A
  /** Whether a body may (or must) come with the request and with the answer. */
  readonly requestBody: 'none' | 'optional' | 'required'
  readonly responseBody: 'none' | 'optional'
  /** Interactive messages are sent before background ones that wait on the same connection. */
  readonly priority: 'interactive' | 'background'
  /** May be sent again without asking (by nature, or because an opId makes it so). */
  readonly idempotent: boolean
}

/** A message that users may send: it says what their access keys need. */
export interface UserMessage<Q extends f.Fields = f.Fields, A extends f.Fields = f.Fields> extends Row<Q, A> {
  /** Roles that may send the request. */
  readonly from: readonly Role[]
  readonly access: Access<keyof Q & string>
}

/** A message that only nodes may send, which have the cluster's secret. */
export interface NodeMessage<Q extends f.Fields = f.Fields, A extends f.Fields = f.Fields> extends Row<Q, A> {
  readonly from: readonly Exclude<Role, 'client'>[]
  readonly access?: never
}

/** A row of the table of messages (`table.ts`). */
export type Message<Q extends f.Fields = f.Fields, A extends f.Fields = f.Fields> =
  | UserMessage<Q, A>
  | NodeMessage<Q, A>

export const users = ['client', 'gateway'] as const
export const nodes = ['server', 'agent'] as const

/** Checks a row while its exact types stay known. */
export function define<const Q extends f.Fields, const A extends f.Fields>(
  m: UserMessage<Q, A>,
): UserMessage<Q, A>
export function define<const Q extends f.Fields, const A extends f.Fields>(
  m: NodeMessage<Q, A>,
): NodeMessage<Q, A>
export function define(m: Message): Message {
  return m
}

export const interactive = { priority: 'interactive', idempotent: true } as const
export const noBodies = { requestBody: 'none', responseBody: 'none' } as const

export const strings = (countMax: number) => f.list(f.text(limits.nodeIdBytesMax), countMax)

// Fields that several groups of messages share.

export const objectName = {
  bucket: f.note('The bucket', f.bucketName),
  key: f.note('The key', f.keyText),
}
export const operationId = f.note(
  '16 random bytes of the writer’s; the same for each retry, and the version’s id derives from them',
  f.opId,
)
export const strict = f.note('Only owners count towards the quorum, no fallbacks', f.optional(f.boolean))
export const senderTime = f.note('Hybrid clock of the sender', f.hybridTime)

/** A moment in the past: what is read is judged on the versions up to it that are still there. */
export const at = f.note(
  'As of this hybrid time: only versions up to it count. Not beside `versionId`; a time to come is BAD_REQUEST',
  f.optional(f.hybridTime),
)

export const policyNote = 'Retention policy: `all`, `latest`, `global:N`, `dynamic:N` or `inherit`'

/** A replica request names the layout under which it was addressed (DESIGN §6). */
export const addressed = {
  epoch: f.note('Number of the layout', f.integer(0)),
  stage: f.note('Stage of the layout’s transition', f.integer(1, 3)),
  time: f.note("The sender's hybrid clock", f.hybridTime),
}

/**
 * A request about a key names the collection number of the key's partition that its sender knew before it read anything
 * that the request says (DESIGN §10): an agent whose number is higher takes no write that follows from it.
 */
export const collectionNumber = f.integer(0, 0xffff_ffff)

export const readUnder = f.note(
  'Collection number of the partition that the sender knew before it read what it sends; absent = 0. A write under a lower one than the agent’s is STALE_COLLECTION',
  f.optional(collectionNumber),
)

/** The owners of a bucket with fewer replicas than the layout are the first ones of each partition. */
export const bucketReplicas = f.note(
  'How many of the partition’s owners hold what is in the bucket; absent = not known here, or all',
  f.optional(f.integer(1, 64)),
)

/** Of a write to an agent that is no owner: it keeps a hint for each of these owners (DESIGN §7). */
export const hintFor = f.note(
  'Owners that are down: the agent stands in for them and keeps a hint for each',
  f.optional(f.list(f.nodeId, 64)),
)

/** Of a read of an agent that is no owner, but may hold hints. */
export const asHolder = f.note(
  'Asked as one that may hold hints: it answers what it has, owner or not',
  f.optional(f.boolean),
)

/** In the answer of a write that left a hint. */
export const hintRevision = f.note(
  'Revision of what the agent says of itself in gossip from which on it names the hint’s partition',
  f.optional(f.integer()),
)

/** Causal contexts, version records and epochs are opaque here; `@torc/cluster` encodes them. */
export const opaque = (max: number) => f.bytes(max)

/** Null versions of a key that an owner holds: actor and counter of each. A key has one, and some more after races. */
export const nullDots = f.list(f.pair(f.text(16), f.integer(1)), 4096)

export const recordBytes = opaque(limits.headBytesMax)

/** Sizes of the blocks of an upload by hashes that one request is about. */
export const blockSizes = f.list(f.integer(1, limits.blockBytesMax), limits.offeredBlocksMax)

export const member = {
  id: f.note('Node id', f.nodeId),
  name: f.note('Name for people', f.text(48, 1)),
  role: f.note('What the node is', f.oneOf('server', 'agent', 'gateway')),
  address: f.note('`host:port` under which others reach it', f.text(300, 1)),
  zone: f.note('Failure domain', f.text(64)),
  capacity: f.note('Bytes that it offers, or 0', f.integer()),
  incarnation: f.note('Rises with each start and refutation', f.integer()),
  state: f.note('What is believed of it', f.oneOf('alive', 'suspect', 'down', 'left')),
  revision: f.note(
    'Rises within an incarnation with each change of what the node says of itself in the fields below',
    f.optional(f.integer()),
  ),
  hints: f.note(
    'A bit for each partition, the first in the lowest bit of the first byte: it holds hints of it; absent = of none',
    f.optional(f.bytes(8192)),
  ),
  restored: f.note(
    'Its disk proved to be an old copy: it owns nothing until a layout takes it in anew',
    f.optional(f.boolean),
  ),
}

/** A member as nodes tell each other: beside its state, who suspects it, and what it says of itself. */
export const gossipedMember = {
  ...member,
  suspectedBy: f.note(
    'Nodes that found a `suspect` member not answering, each for itself',
    f.optional(strings(limits.suspectedByMax)),
  ),
  revision: f.note(
    'Rises within an incarnation whenever the member changes `hints`, `restored` or `records`; absent = 0',
    f.optional(f.integer()),
  ),
  hints: f.note(
    'One bit for each partition of the layout, of which this agent holds hints; absent = none',
    f.optional(f.bytes(limits.hintsBytesMax)),
  ),
  restored: f.note(
    'Its disk proved to be an old copy: it owns nothing until a layout takes it in anew',
    f.optional(f.boolean),
  ),
  records: f.note(
    'Time of the latest change of a control record (bucket, access key, policy of the cluster) that this server knows of: it believes nothing that it read before it heard of that',
    f.optional(f.hybridTime),
  ),
}

/** How an agent's scrub is: its pass over all blocks, the last one or the one under way. */
export const scrubState = {
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

/** Hints that an agent holds for one owner. */
export const hintsHeld = {
  agent: f.note('The owner', f.nodeId),
  keys: f.note('Keys of which it lacks something', f.integer()),
  blocks: f.note('References to blocks that it lacks', f.integer()),
}

/** How an agent's anti-entropy is: its pass over all partitions that it owns, with every other owner of each. */
export const repairState = {
  pass: f.note('Passes that have begun since the agent started', f.integer()),
  running: f.note('The pass is under way', f.boolean),
  asked: f.note('An operator asked for the pass', f.boolean),
  beganAt: f.note('Hybrid time at which it began; absent before the first', f.optional(f.hybridTime)),
  endedAt: f.note('Hybrid time at which it ended', f.optional(f.hybridTime)),
  partitions: f.note('Partitions that it has compared, once for each other owner', f.integer()),
  partitionsTotal: f.note('How many of these there are to compare', f.integer()),
  unreachable: f.note(
    'Of these, how many may differ still, as the other owner did not answer or gave something wrong',
    f.integer(),
  ),
  different: f.note('Keys and blocks that differed at both looks', f.integer()),
  keysRepaired: f.note('Keys that took over something from another owner', f.integer()),
  blocksRepaired: f.note('References to blocks that were taken over from another owner', f.integer()),
}

export const workerState = {
  name: f.note('What does work in the background', f.text(64, 1)),
  state: f.note('What it does now', f.oneOf('busy', 'idle', 'throttled', 'failed', 'stopped')),
  progress: f.note('Where it is, for people', f.text(1024)),
  error: f.note('Why its last step failed', f.optional(f.text(4096))),
}

/** An agent's blocks by state, and its work on them. */
export const blockCounts = {
  blocksStored: f.note('Blocks that are sound, as far as is known, and needed', f.optional(f.integer())),
  blocksUploading: f.note('Blocks whose bytes arrive now', f.optional(f.integer())),
  blocksReleasing: f.note(
    'Blocks that nobody needs: they go at the end of their grace time',
    f.optional(f.integer()),
  ),
  blocksMissing: f.note('Blocks whose file is lost', f.optional(f.integer())),
  blocksCorrupt: f.note('Blocks whose file is damaged', f.optional(f.integer())),
  blocksRepaired: f.note(
    'Blocks that were repaired from other owners in the agent’s life',
    f.optional(f.integer()),
  ),
  workers: f.note('Work in the background', f.optional(f.list(f.map(workerState), 64))),
}

/** What an agent holds in bytes. */
export const heldBytes = {
  bodyBytes: f.note('Bytes of the bodies of all versions', f.optional(f.integer())),
  inlineBytes: f.note('Bytes of those bodies that are not in blocks', f.optional(f.integer())),
  blockBytes: f.note('Bytes of the blocks', f.optional(f.integer())),
  storedBytes: f.note('Bytes of the files that the blocks are stored in', f.optional(f.integer())),
}

/** How a block is on an agent. */
export const blockState = f.oneOf('stored', 'uploading', 'releasing', 'missing', 'corrupt', 'absent')
