import type { Epoch } from '@torc/cluster/ring/epoch'
import { changedPartitions } from '@torc/cluster/transition/advance'
import type { LayoutState } from '@torc/cluster/transition/owner-tables'
import type { LayoutProgress } from '@torc/protocol/store/admin'

/**
 * Agents of the next layout that have not taken over yet what the one in force gave them, or do not say so: a change
 * that comes before they have would leave them without those who still have it. The next layout knows as old owners those
 * of this one; what an agent lacks that was down all along is at owners of the layout *before* this one, until it has
 * confirmed it. Should another owner be lost for good then, nobody could take over any more. (Found by simulation.)
 */
export function notTakenOver(
  state: LayoutState,
  next: Epoch,
  progress: readonly Pick<LayoutProgress, 'id' | 'epoch' | 'left' | 'error'>[],
): string[] {
  const { epoch } = state
  const given = newOwners(state)
  const stays = (id: string): boolean =>
    next.agents.some(agent => agent.id === id) && next.terms?.fresh.includes(id) !== true
  return progress
    .filter(({ id, epoch: known, left, error }) => {
      const isSilent = error !== undefined || known !== epoch.number
      return stays(id) && (isSilent ? given.has(id) : left > 0)
    })
    .map(({ id }) => id)
}

/** Agents that the layout gave something to take over. */
function newOwners(state: LayoutState): Set<string> {
  const { epoch, previous } = state
  const agents = new Set<string>()
  if (previous === undefined) {
    // Nobody here knows what it changed.
    if (epoch.terms !== undefined) for (const { id } of epoch.agents) agents.add(id)
    return agents
  }
  for (const partition of changedPartitions(state)) {
    const before = previous.table.rows[partition] ?? []
    for (const [place, agent] of (epoch.table.rows[partition] ?? []).entries()) {
      const old = before.indexOf(agent)
      // Buckets of fewer replicas have only the first of a row as owners.
      if (old < 0 || place < old || epoch.terms?.fresh.includes(agent) === true) agents.add(agent)
    }
  }
  return agents
}
