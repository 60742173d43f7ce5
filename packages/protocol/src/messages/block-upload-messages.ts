import { limits } from '../limits.js'
import { writes } from './access.js'
import * as f from './fields.js'
import {
  blockSizes,
  define,
  interactive,
  noBodies,
  objectName,
  opaque,
  operationId,
  users,
} from './message.js'
import { conditionFields, writeAnswer, writtenFields } from './object-messages.js'

/** Bytes of a receipt: what certifies that a client has proved or sent a block. */
export const receiptBytes = 16
/** An entry of what `commitBlocks` brings: hash, size (big-endian), receipt. */
export const blockEntryBytes = 32 + 4 + receiptBytes

const { shared: _shared, size: _size, sha256: _sha256, ...chosenFields } = writtenFields

const uploadName = { ...objectName, opId: operationId }

const offered = {
  hashes: f.note(
    'SHA-256 of each block, 32 bytes, one after the other',
    opaque(32 * limits.offeredBlocksMax),
  ),
  sizes: f.note('Size of each of these blocks', blockSizes),
}

const lacking = f.note(
  'Positions of the blocks that are to be sent',
  f.list(f.integer(0, limits.offeredBlocksMax - 1), limits.offeredBlocksMax),
)

/**
 * Upload by hash: what clients ask to send only those blocks of a body that the cluster lacks (`docs/PROTOCOL.md` §15).
 * Servers keep nothing between these requests, so that each may go to another one.
 */
export const blockUploadMessages = {
  offerBlocks: define({
    doc: 'Offers blocks of a body. Of those that the cluster has the answer holds a challenge, the others are to be sent. Without any block it tells how to cut.',
    frame: 'PUT',
    op: 'block-offer',
    from: users,
    access: writes,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      ...uploadName,
      ...offered,
      context: f.note(
        'As it will be committed; checked here, so that a wrong one is refused early',
        f.optional(f.token),
      ),
      policy: f.note('The same', f.optional(f.text(256, 1))),
    },
    response: {
      cutting: f.note('How bodies of the bucket are cut into blocks', f.oneOf('fixed', 'content')),
      lacking,
      challenges: f.note(
        '32-byte challenges of the other blocks, one after the other',
        opaque(32 * limits.offeredBlocksMax),
      ),
    },
  }),
  proveBlocks: define({
    doc: 'Shows that the client has the bytes of blocks that the cluster has: the answer holds a receipt for each. One whose proof is not that of the cluster’s copy is to be sent.',
    frame: 'PUT',
    op: 'block-proofs',
    from: users,
    access: writes,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      ...uploadName,
      ...offered,
      proofs: f.note(
        'SHA-256 over challenge and bytes of each block, one after the other',
        opaque(32 * limits.offeredBlocksMax),
      ),
    },
    response: {
      lacking,
      receipts: f.note(
        '16-byte receipts of the other blocks, one after the other',
        opaque(receiptBytes * limits.offeredBlocksMax),
      ),
    },
  }),
  putObjectBlock: define({
    doc: 'Stores a block of a body, which is the request’s body. CHECKSUM where it has another hash.',
    frame: 'PUT',
    op: 'object-block',
    from: users,
    access: writes,
    to: ['server'],
    ...interactive,
    requestBody: 'required',
    responseBody: 'none',
    request: {
      ...uploadName,
      hash: f.note('SHA-256 of the block', f.sha256),
      size: f.note('Bytes of the body', f.integer(1, limits.blockBytesMax)),
    },
    response: { receipt: f.note('Receipt of the block', f.bytes(receiptBytes, true)) },
  }),
  commitBlocks: define({
    doc: 'Stores a version whose body is a list of blocks that were proved or sent. The request’s body is the list: for each block hash (32 bytes), size (4 bytes, big-endian) and receipt (16 bytes). BLOCKS_MISSING where the cluster has lost some of them since; `missing` in its details names positions in the list (the first ones where there are many).',
    frame: 'PUT',
    op: 'blocks',
    from: users,
    access: writes,
    to: ['server'],
    ...interactive,
    requestBody: 'required',
    responseBody: 'none',
    request: {
      ...uploadName,
      ...chosenFields,
      ...conditionFields,
      size: f.note(
        'Bytes of the whole body',
        f.integer(limits.storedInlineBytesMax + 1, limits.objectBytesMax),
      ),
      sha256: f.note('Digest of the whole body, which readers check', f.sha256),
    },
    response: writeAnswer,
  }),
} as const
