import type { BlockReference } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import type { Coordination } from '../core/coordination.js'
import { owner } from '../quorum/write-quorum.js'
import { type BlockUse, putBlock } from './block-owners.js'

/** Whether an owner that answered a read so is helped by the block's bytes: it lacks the block, or has it damaged. */
export function lacksBlock(error: TorcError): boolean {
  return error.code === 'CORRUPT' || error.code === 'UNAVAILABLE'
}

/**
 * Gives owners that lack a block, or have it damaged, the bytes that another owner gave, in the background: nobody
 * waits. The agent checks them against the hash. They come with the reference of the version that was read, which the
 * owner has already or ought to have.
 */
export function repairBlock(
  c: Coordination,
  { bucket, key, opId }: Pick<BlockUse, 'bucket' | 'key' | 'opId'>,
  block: BlockReference,
  pieces: readonly Uint8Array[],
  owners: readonly string[],
): void {
  const use: BlockUse = { bucket, key, opId, timeoutMs: undefined, signal: undefined }
  const name = Buffer.from(block.hash).toString('hex')
  for (const agent of owners) {
    const facts = { agent, block: name, size: block.size }
    const taken = c.blockRepairs.offer(`${agent} ${name}`, async () => {
      try {
        const had = await putBlock(c, use, owner(agent), block, pieces)
        c.log.info({ ...facts, had }, had ? 'a block was repaired meanwhile' : 'repaired a block')
      } catch (thrown) {
        // Its next reader tries again.
        c.log.warn({ ...facts, code: TorcError.from(thrown).code }, 'a block could not be repaired')
      }
    })
    if (!taken) c.log.debug(facts, 'too many repairs: this block is left to its next reader')
  }
}
