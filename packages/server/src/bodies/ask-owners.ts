import type { TorcError } from '@torc/protocol/errors'
import type { Coordination } from '../core/coordination.js'
import { collectAcks } from '../quorum/collect-acks.js'
import type { BlockClaim } from './block-claim.js'
import { type BlockUse, blockOwners, throwIfFutile, tooFewBlockOwners } from './block-owners.js'
import { BlockReferences } from './block-references.js'

/** What the owners of a block said when they were asked to refer to it. */
export interface AskedOwners {
  /** W of them have the block and refer to it; the others may not have answered yet. */
  readonly held: boolean
  readonly needed: number
  readonly down: readonly string[]
  /** Where it is not held all have answered: who has it, who lacks it, and who could not be asked. */
  readonly have: readonly string[]
  readonly lacking: readonly string[]
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
  const { live, down, needed } = blockOwners(c, use, hash)
  const { tally, errors, decided, settled } = collectAcks(needed, live, agent => references.add(agent, hash))
  await decided
  const held = tally.verdict === 'reached'
  if (!held) {
    throwIfFutile(errors)
    // Who lacks it is known when all have answered.
    await settled
    throwIfFutile(errors)
  }
  const have = tally.acknowledged
  const lacking = tally.failed.filter(agent => !errors.has(agent))
  if (!held && have.length + lacking.length < needed)
    throw tooFewBlockOwners(have.length, needed, [...down, ...errors.keys()], errors)
  return { held, needed, down, have, lacking, errors }
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
