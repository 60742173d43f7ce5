import type { GroupCommit } from '../index/group-commit.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import type { BlockHint, ReplicasOf } from './block-hints.js'
import type { Hints } from './hints.js'
import type { KeyHint } from './key-hints.js'

export interface ReaddressParts {
  readonly nodeId: string
  readonly hints: Hints
  readonly layout: AgentLayout
  readonly commit: GroupCommit
  readonly replicasOf: ReplicasOf
}

/**
 * Hints of a target that owns their partitions no longer go to those that own them now, this agent excepted: it has
 * what they are for. Resolves, once that is durable, with the hints that stay the target's.
 */
export function readdressKeys(
  parts: ReaddressParts,
  target: string,
  rows: readonly KeyHint[],
): Promise<KeyHint[]> {
  const { keys } = parts.hints
  return readdress(parts, target, rows, (row, owners) => {
    keys.note(row, row.keyId, owners, row.bytes)
    keys.remove(target, row)
  })
}

/** As `readdressKeys`, of hints of blocks. */
export function readdressBlocks(
  parts: ReaddressParts,
  target: string,
  rows: readonly BlockHint[],
): Promise<BlockHint[]> {
  return readdress(parts, target, rows, (row, owners) => parts.hints.blocks.readdress(row, owners))
}

async function readdress<Hint extends { readonly partition: number; readonly bucketId: Uint8Array }>(
  { nodeId, layout, commit, replicasOf }: ReaddressParts,
  target: string,
  rows: readonly Hint[],
  move: (row: Hint, owners: string[]) => void,
): Promise<Hint[]> {
  const ownersOf = (row: Hint) => layout.ownersOf(row.partition, replicasOf(row.bucketId))
  const stays = rows.filter(row => ownersOf(row).includes(target))
  if (stays.length === rows.length) return stays
  await commit.submit(() => {
    for (const row of rows) {
      // Asked once more: the layout may have changed while this waited for its turn.
      const owners = ownersOf(row)
      if (owners.includes(target)) continue
      const others = owners.filter(owner => owner !== nodeId)
      move(row, others)
    }
  })
  return stays
}
