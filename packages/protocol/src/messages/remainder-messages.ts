import { limits } from '../limits.js'
import * as f from './fields.js'
import { addressed, collectionNumber, define, noBodies, nodes, senderTime } from './message.js'

const background = { priority: 'background', idempotent: true } as const

const partition = f.note('The partition of all of the keys', f.integer(0, 65_535))
const number = f.note('The new collection number; of one collector alone', collectionNumber)
const key = { bucketId: f.bytes(16, true), key: f.storedKey }
const evidence = f.note(
  'What the agent itself answered of the key: opaque, different once anything of it has changed',
  f.bytes(16, true),
)
const keys = f.note('The keys', f.list(f.map(key), limits.remaindersMax))
const examined = f.note(
  'The keys, with what this agent answered of them',
  f.list(f.map({ ...key, evidence }), limits.remaindersMax),
)

/**
 * How what is left of removed keys is collected (DESIGN §10, decision 32): asked of every agent that takes part in the
 * layout, owner or not, in this order.
 */
export const remainderMessages = {
  fetchRemainders: define({
    doc: 'What an agent has of keys that may be collected.',
    frame: 'FETCH',
    op: 'remainders',
    from: nodes,
    to: ['agent'],
    ...background,
    ...noBodies,
    request: { ...addressed, partition, keys },
    response: {
      time: senderTime,
      collection: f.note('Collection number of the partition here', collectionNumber),
      remainders: f.note(
        'Of each key, in order: nothing is here; no version is, and what is left may go; or it must stay. Digest of its state; evidence',
        f.list(
          f.map({
            state: f.oneOf('nothing', 'remainder', 'kept'),
            digest: f.bytes(16, true),
            evidence,
          }),
          limits.remaindersMax,
        ),
      ),
    },
  }),
  raiseCollection: define({
    doc: 'Raises the collection number of a partition, durably: from now on no write under a lower one is taken. Of keys of which nothing has changed, what is left hashes as absent.',
    frame: 'POST',
    op: 'raise-collection',
    from: nodes,
    to: ['agent'],
    ...background,
    ...noBodies,
    request: { ...addressed, partition, collection: number, keys: examined },
    response: {
      time: senderTime,
      collection: f.note(
        'The number afterwards: above the one that was sent, it was not raised',
        collectionNumber,
      ),
      unchanged: f.note(
        'Of each key, in order: it is as it was when it was asked for',
        f.list(f.boolean, limits.remaindersMax),
      ),
    },
  }),
  dropRemainders: define({
    doc: 'Drops what is left of keys, each unless it has changed since it was asked for, or the number has been raised since. Durable before it is answered.',
    frame: 'POST',
    op: 'drop-remainders',
    from: nodes,
    to: ['agent'],
    ...background,
    ...noBodies,
    request: { ...addressed, partition, collection: number, keys: examined },
    response: { time: senderTime, dropped: f.note('How many went', f.integer()) },
  }),
} as const
