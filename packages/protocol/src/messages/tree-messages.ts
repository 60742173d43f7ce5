import { limits } from '../limits.js'
import * as f from './fields.js'
import {
  addressed,
  bucketReplicas,
  define,
  interactive,
  noBodies,
  nodes,
  opaque,
  senderTime,
} from './message.js'

/** Digests of hash trees: 16 bytes each. */
const digests = (countMax: number) => opaque(16 * countMax)

const what = f.note('The tree of key states, or that of references to blocks', f.oneOf('keys', 'blocks'))
const oneLeaf = {
  partition: f.note('The partition', f.integer(0, 65_535)),
  leaf: f.note('The leaf', f.integer(0, limits.treeLeaves - 1)),
}
const background = { priority: 'background', idempotent: true } as const

/**
 * What owners of one partition compare and ask of each other (anti-entropy, Dynamo §4.7; DESIGN §10). A tree that an
 * owner is asked for is over what both that owner and the asking one have to hold: a bucket with fewer replicas than the
 * layout is an affair of the first owners alone. To one that is no owner, it is over what the asked one has to hold.
 */
export const treeMessages = {
  fetchRoots: define({
    doc: 'Roots of the hash trees of partitions.',
    frame: 'FETCH',
    op: 'tree-roots',
    from: nodes,
    to: ['agent'],
    ...background,
    ...noBodies,
    request: {
      ...addressed,
      what,
      partitions: f.note(
        'The partitions; NOT_OWNER where one is not the agent’s',
        f.list(f.integer(0, 65_535), limits.treeRootsMax),
      ),
    },
    response: { time: senderTime, digests: f.note('Of each, in order', digests(limits.treeRootsMax)) },
  }),
  fetchLeaves: define({
    doc: 'Leaves of the hash tree of one partition.',
    frame: 'FETCH',
    op: 'tree-leaves',
    from: nodes,
    to: ['agent'],
    ...background,
    ...noBodies,
    request: { ...addressed, what, partition: f.note('The partition', f.integer(0, 65_535)) },
    response: { time: senderTime, digests: f.note('Of all leaves, in order', digests(limits.treeLeaves)) },
  }),
  fetchLeafKeys: define({
    doc: 'Keys of one leaf and the digests of their states, in as many frames as it takes.',
    frame: 'FETCH',
    op: 'tree-keys',
    from: nodes,
    to: ['agent'],
    ...background,
    ...noBodies,
    request: { ...addressed, ...oneLeaf },
    response: {
      time: senderTime,
      keys: f.note(
        'Bucket, key, digest of the state',
        f.list(
          f.map({
            bucketId: f.bytes(16, true),
            key: f.storedKey,
            digest: f.bytes(16, true),
            replicas: bucketReplicas,
          }),
          limits.treeItemsMax,
        ),
      ),
    },
  }),
  fetchLeafBlocks: define({
    doc: 'References to blocks of one leaf, in as many frames as it takes.',
    frame: 'FETCH',
    op: 'tree-blocks',
    from: nodes,
    to: ['agent'],
    ...background,
    ...noBodies,
    request: { ...addressed, ...oneLeaf },
    response: {
      time: senderTime,
      references: f.note(
        'Hash and size of the block; bucket, key and id of the operation that needs it',
        f.list(
          f.map({
            hash: f.sha256,
            size: f.integer(1, limits.blockBytesMax),
            bucketId: f.bytes(16, true),
            key: f.storedKey,
            opId: f.opId,
            replicas: bucketReplicas,
            compressed: f.note('Kept compressed where it comes from', f.optional(f.boolean)),
          }),
          limits.treeItemsMax,
        ),
      ),
    },
  }),
  repairReplicas: define({
    doc: 'Asks for a pass of anti-entropy over all partitions of the agent. One that was asked for before and is under way answers it too.',
    frame: 'POST',
    op: 'repair',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: {},
    response: { waitFor: f.note('Number of the pass that answers the request', f.integer()) },
  }),
} as const
