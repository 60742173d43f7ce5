import type { GroupCommit } from '../index/group-commit.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import type { BlockHint } from './block-hints.js'
import type { Hints } from './hints.js'
import type { KeyHint } from './key-hints.js'

export interface ReaddressParts {
  readonly nodeId: string
  readonly hints: Hints
  readonly layout: AgentLayout
  readonly commit: GroupCommit
}

/**
 * Hints of a target that owns their partitions no longer go to those that own them now, this agent excepted: it has
 * what they are for. Resolves, once that is durable, with the hints that stay the target's.
 */
export async function readdressKeys(
  parts: ReaddressParts,
  target: string,
  rows: readonly KeyHint[],
): Promise<KeyHint[]> {
  const { hints, commit } = parts
  const stays = rows.filter(row => isOwner(parts.layout, target, row))
  if (stays.length === rows.length) return stays
  await commit.submit(() => {
    for (const row of rows) {
      const owners = newTargets(parts, target, row)
      if (owners === undefined) continue
      hints.keys.note(row, row.keyId, owners, row.bytes)
      hints.keys.remove(target, row)
    }
  })
  return stays
}

export async function readdressBlocks(
  parts: ReaddressParts,
  target: string,
  rows: readonly BlockHint[],
): Promise<BlockHint[]> {
  const { hints, commit } = parts
  const stays = rows.filter(row => isOwner(parts.layout, target, row))
  if (stays.length === rows.length) return stays
  await commit.submit(() => {
    for (const row of rows) {
      const owners = newTargets(parts, target, row)
      if (owners !== undefined) hints.blocks.readdress(row, owners)
    }
  })
  return stays
}

function isOwner(layout: AgentLayout, target: string, { partition }: { partition: number }): boolean {
  return layout.ownersOf(partition).includes(target)
}

/** Undefined where the target is an owner. */
function newTargets(
  { layout, nodeId }: ReaddressParts,
  target: string,
  row: { partition: number },
): string[] | undefined {
  if (isOwner(layout, target, row)) return undefined
  return layout.ownersOf(row.partition).filter(owner => owner !== nodeId)
}
