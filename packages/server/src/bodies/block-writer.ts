import { SharedLease } from '@torc/protocol/frames/lease'
import type { Coordination } from '../core/coordination.js'
import { withFreshLayout } from '../core/fresh-layout.js'
import { collectWriteAcks } from '../quorum/collect-write-acks.js'
import type { CutBlock } from './block-cutter.js'
import { type BlockUse, planBlock, putBlock, throwIfFutile, tooFewBlockOwners } from './block-owners.js'
import type { BlockReferences } from './block-references.js'

export interface WrittenBlock {
  /** W of its owners had it before. */
  readonly had: boolean
}

/**
 * Sees to it that the owners of a block's partition have it, or agents that stand in for them, and resolves when W do,
 * on stable storage. Each
 * is first asked to refer to the block; only those that lack it get the bytes, without waiting for what the others
 * say. Without `references` they were asked just before, and all get the bytes. `onSettled` is called when no request
 * holds the block's memory any more. For failures see
 * `tooFewBlockOwners`.
 */
export async function writeBlock(
  c: Coordination,
  use: BlockUse,
  references: BlockReferences | undefined,
  hash: Uint8Array,
  block: CutBlock,
  onSettled: () => void,
): Promise<WrittenBlock> {
  const { size } = block
  // One holder for each request that sends them, and this one for those that are still to come.
  const shared = block.leases.map(lease => new SharedLease(lease))
  const sending: Promise<void>[] = []
  const attempt = async (): Promise<WrittenBlock> => {
    const holding = references?.hold()
    if (holding !== undefined) await holding
    const { plan, needed } = planBlock(c, use, hash)
    let had = 0
    const { clock } = c.environment
    const acks = collectWriteAcks(clock, plan, [...plan.targets], async target => {
      const send = (): Promise<boolean> =>
        putBlock(c, use, target, { hash, size }, { leases: shared.map(lease => lease.share()) })
      const here = (await references?.add(target, hash)) || (await send())
      if (here) had++
      return true
    })
    sending.push(acks.settled)
    await acks.decided
    const { verdict, acknowledged, failed } = acks.tally
    if (verdict === 'reached') return { had: had >= needed }
    throwIfFutile(acks.errors)
    const unable = [...new Set([...plan.down, ...failed])]
    throw tooFewBlockOwners(acknowledged.length, needed, unable, acks.errors)
  }
  try {
    return await withFreshLayout(c, attempt)
  } finally {
    void Promise.all(sending).then(() => {
      for (const lease of shared) lease.release()
      onSettled()
    })
  }
}
