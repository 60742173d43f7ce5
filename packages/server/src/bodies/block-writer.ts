import { TorcError } from '@torc/protocol/errors'
import type { BucketView } from '../buckets/bucket-record.js'
import { addressFields, type Coordination } from '../core/coordination.js'
import { blockAttemptMs, Deadline } from '../core/deadline.js'
import { collectAcks, describeErrors } from '../quorum/collect-acks.js'
import { effectiveQuorum, planTargets } from '../quorum/targets.js'
import type { CutBlock } from './block-cutter.js'

/** What blocks of one body have in common. */
export interface BlockWrite {
  readonly bucket: BucketView
  readonly opId: Uint8Array
  readonly timeoutMs: number | undefined
  readonly signal: AbortSignal | undefined
}

export interface WrittenBlock {
  /** Whether an owner had the block before. */
  readonly had: boolean
}

/**
 * Puts a block on the owners of its hash's partition and resolves when W of them have it on stable storage.
 * `onSettled` is called when no request holds the block's memory any more. UNAVAILABLE when W cannot be reached:
 * no version exists yet, so nothing is indeterminate.
 */
export async function writeBlock(
  c: Coordination,
  write: BlockWrite,
  hash: Uint8Array,
  block: CutBlock,
  onSettled: () => void,
): Promise<WrittenBlock> {
  let settled: Promise<void> | undefined
  try {
    const layout = c.layouts.require()
    const owners = layout.owners(layout.partitionOfBlock(hash), write.bucket.replicas)
    const needed = effectiveQuorum(write.bucket.writeQuorum, owners.length)
    const plan = planTargets(owners, agent => c.agents.isAlive(agent))
    const deadline = new Deadline(c.environment.clock, write.timeoutMs, write.signal)
    const options = { body: block.pieces, timeoutMs: deadline.attempt(blockAttemptMs) }
    let had = false
    const acks = collectAcks(needed, plan.live, async agent => {
      const answer = await c.agents.request(
        agent,
        'putBlock',
        { ...addressFields(c, layout), hash, size: block.size, bucketId: write.bucket.id, opId: write.opId },
        options,
      )
      c.hybridClock.observe(answer.head.time)
      if (answer.head.had) had = true
      return true
    })
    settled = acks.settled
    await acks.decided
    if (acks.tally.verdict === 'reached') return { had }
    const down = [...plan.down, ...acks.tally.failed]
    throw new TorcError(
      diskFull(acks.errors) ? 'DISK_FULL' : 'UNAVAILABLE',
      `a block reached ${acks.tally.acknowledged.length} of ${needed} agents (${describeErrors(acks.errors) || `down: ${down.join(', ')}`})`,
      { details: { down, needed } },
    )
  } finally {
    if (settled === undefined) onSettled()
    else void settled.then(onSettled)
  }
}

/** All that failed failed for want of space. */
function diskFull(errors: ReadonlyMap<string, TorcError>): boolean {
  return errors.size > 0 && Array.from(errors.values()).every(error => error.code === 'DISK_FULL')
}
