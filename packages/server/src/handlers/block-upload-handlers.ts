import { TorcError } from '@torc/protocol/errors'
import type { Handlers } from '@torc/protocol/exchange/exchange'
import type { BlockUploads } from '../block-uploads/block-uploads.js'
import {
  blockListBytesMax,
  committedBlocks,
  offeredBlocks,
  partsOf,
} from '../block-uploads/offered-blocks.js'
import { conditionOf } from '../core/condition-fields.js'
import { writeAnswer } from './answers.js'

/** What clients ask to upload a body by the hashes of its blocks. */
export function blockUploadHandlers(uploads: BlockUploads): Handlers {
  return {
    async offerBlocks({ head, signal }) {
      const { bucket, key, opId, hashes, sizes, context, policy } = head
      const blocks = offeredBlocks(hashes, sizes)
      const step = { bucket, key, opId, blocks, context, policy, timeoutMs, signal }
      const { cutting, challenges } = await uploads.offer(step)
      return { head: { cutting, lacking: absentOf(challenges), challenges: presentOf(challenges) } }
    },
    async proveBlocks({ head, signal }) {
      const { bucket, key, opId, hashes, sizes, proofs: given } = head
      const proofs = partsOf(given, sizes.length, 'proofs')
      const blocks = offeredBlocks(hashes, sizes).map((block, i) => ({
        ...block,
        proof: proofs[i] as Uint8Array,
      }))
      const receipts = await uploads.prove({ bucket, key, opId, timeoutMs, signal }, blocks)
      return { head: { lacking: absentOf(receipts), receipts: presentOf(receipts) } }
    },
    async putObjectBlock({ head, body, signal }) {
      const { bucket, key, opId, hash, size } = head
      if (body === undefined) throw new TorcError('BAD_REQUEST', 'a block comes with its bytes')
      const step = { bucket, key, opId, timeoutMs, signal }
      return { head: { receipt: await uploads.putBlock(step, { hash, size }, body) } }
    },
    async commitBlocks({ head, body, signal }) {
      const { bucket, key, opId, etag, tags, contentType, metadata, context, policy, retry = false } = head
      const { size, sha256 } = head
      if (body === undefined) throw new TorcError('BAD_REQUEST', 'a commit comes with its list of blocks')
      const blocks = committedBlocks(await body.bytes(blockListBytesMax))
      const outcome = await uploads.commit({
        bucket,
        key,
        opId,
        body: { size, sha256, blocks },
        etag,
        tags,
        contentType,
        metadata,
        context,
        condition: conditionOf(head, context),
        policy,
        retry,
        timeoutMs,
        signal,
      })
      return { head: writeAnswer(outcome, outcome.sentBytes) }
    },
  }
}

/** The requester's own deadline ends a request; in between, agents have theirs. */
const timeoutMs = undefined

function absentOf(values: readonly (Uint8Array | undefined)[]): number[] {
  return values.flatMap((value, i) => (value === undefined ? [i] : []))
}

function presentOf(values: readonly (Uint8Array | undefined)[]): Uint8Array {
  return Buffer.concat(values.filter(value => value !== undefined))
}
