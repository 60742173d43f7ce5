import { limits } from '../limits.js'
import * as f from './fields.js'
import {
  addressed,
  asHolder,
  define,
  hintFor,
  interactive,
  noBodies,
  nodes,
  operationId,
  senderTime,
} from './message.js'

/** A write, and the key that it is for: what a lease on blocks is named by. */
const operation = {
  bucketId: f.note('Id of the bucket', f.bytes(16, true)),
  key: f.note('The key', f.storedKey),
  opId: operationId,
}

const operations = f.list(f.map(operation), limits.operationsMax)

/** What keeps the blocks of a write, and what says that they are needed no longer (DESIGN §9). */
export const leaseMessages = {
  placeIntent: define({
    doc: 'Keeps a durable intent at an owner of the key: the operation is about to refer to blocks, and will be minted here. Sent again to renew it.',
    frame: 'POST',
    op: 'intent',
    from: nodes,
    to: ['agent'],
    ...interactive,
    ...noBodies,
    request: { ...addressed, ...operation, hintFor },
    response: {
      time: senderTime,
      fresh: f.note('There was none: references that were made before may be gone', f.boolean),
      expiresMs: f.note('Without being renewed it is kept this long', f.integer(1)),
    },
  }),
  fetchOperations: define({
    doc: 'What an owner of their keys knows of operations that hold blocks: an audit asks it of every owner.',
    frame: 'FETCH',
    op: 'operations',
    from: nodes,
    to: ['agent'],
    priority: 'background',
    idempotent: true,
    ...noBodies,
    request: { ...addressed, operations: f.note('The operations', operations), asHolder },
    response: {
      time: senderTime,
      known: f.note(
        'Of each, in order: its version is here, an intent is here, or neither',
        f.list(f.oneOf('version', 'intent', 'none'), limits.operationsMax),
      ),
    },
  }),
  releaseOperations: define({
    doc: 'Versions that these operations made were removed: leases of theirs on this agent are due for an audit. Durable before it is answered.',
    frame: 'POST',
    op: 'release',
    from: nodes,
    to: ['agent'],
    priority: 'background',
    idempotent: true,
    ...noBodies,
    request: { time: senderTime, operations: f.note('The operations', operations) },
    response: { time: senderTime },
  }),
} as const
