import type { TorcError } from '@torc/protocol/errors'
import type { Coordination } from '../core/coordination.js'
import { collectWriteAcks } from '../quorum/collect-write-acks.js'
import type { WritePlan } from '../quorum/targets.js'
import type { WriteTarget } from '../quorum/write-quorum.js'
import type { BlockClaim } from './block-claim.js'
import { type BlockUse, planBlock, throwIfFutile, tooFewBlockOwners } from './block-owners.js'
import { BlockReferences } from './block-references.js'

/** What the owners of a block, or who stands in for them, said when they were asked to refer to it. */
export interface AskedOwners {
  /** W of them have the block and refer to it; the others may not have answered yet. */
  readonly held: boolean
  readonly needed: number
  readonly plan: WritePlan
  /** Where it is not held all have answered: who has it, who lacks it, and who could not be asked. */
  readonly have: readonly WriteTarget[]
  readonly lacking: readonly WriteTarget[]
  readonly errors: ReadonlyMap<string, TorcError>
}

/**
 * Asks the owners of a block that is not in hand to refer to it. UNAVAILABLE where too few of them could be asked for
 * W to have it, even after it is sent.
 */
export async function askOwners(
  c: Coordination,
  use: BlockUse,
  references: BlockReferences,
  hash: Uint8Array,
): Promise<AskedOwners> {
  const holding = references.hold()
  if (holding !== undefined) await holding
  const { plan, needed } = planBlock(c, use, hash)
  const { clock } = c.environment
  const { tally, errors, decided, settled } = collectWriteAcks(clock, plan, [...plan.targets], target =>
    references.add(target, hash),
  )
  await decided
  const held = tally.verdict === 'reached'
  if (!held) {
    throwIfFutile(errors)
    // Who lacks it is known when all have answered.
    await settled
    throwIfFutile(errors)
  }
  const have = plan.targets.filter(({ agent }) => tally.acknowledged.includes(agent))
  const lacking = plan.targets.filter(({ agent }) => tally.failed.includes(agent) && !errors.has(agent))
  if (!held && plan.tally([...have, ...lacking]).verdict !== 'reached')
    throw tooFewBlockOwners(have.length, needed, [...new Set([...plan.down, ...errors.keys()])], errors)
  return { held, needed, plan, have, lacking, errors }
}

/** Whether W owners of each of these blocks have it; they refer to it then. Asked together, in few messages. */
export async function askForBlocks(
  c: Coordination,
  use: BlockUse,
  claim: BlockClaim,
  hashes: readonly Uint8Array[],
): Promise<boolean[]> {
  const references = new BlockReferences(c, use, claim)
  return await Promise.all(hashes.map(async hash => (await askOwners(c, use, references, hash)).held))
}
