import { majority } from '@torc/cluster/consensus/majority'
import type { Epoch } from '@torc/cluster/ring/epoch'
import { assignTable } from '@torc/cluster/ring/table'
import { TorcError } from '@torc/protocol/errors'

export interface RecoveryFacts {
  /** Hash of the layout in force. */
  readonly parentHash: Uint8Array
  /** Of the new beginning: no other layout has it. */
  readonly lineage: string
  readonly isAlive: (agent: string) => boolean
}

export interface RecoveredLayout {
  readonly epoch: Epoch
  /** Agents that are given up. */
  readonly gone: readonly string[]
  readonly partitions: number
  /** Partitions of which no owner is left, and of which one is missing. */
  readonly orphaned: number
  readonly thinned: number
}

/**
 * The layout that begins anew with the agents that are left of `current`, without a decision of its agents: all others
 * are given up, and each partition is taken over from all of its owners that are left. BAD_REQUEST where a majority is
 * there and can decide, UNAVAILABLE where nobody is left. Pure.
 */
export function planRecovery(
  current: Epoch,
  { parentHash, lineage, isAlive }: RecoveryFacts,
): RecoveredLayout {
  const left = current.agents.filter(({ id }) => isAlive(id))
  const gone = current.agents.filter(({ id }) => !isAlive(id)).map(({ id }) => id)
  if (left.length >= majority(current.agents.length)) {
    throw new TorcError(
      'BAD_REQUEST',
      `${left.length} of the layout's ${current.agents.length} agents are there: they can decide on the next layout`,
      {
        hint: 'Name those that are gone for good with `torc layout remove AGENT --dead`, then `torc layout apply`.',
      },
    )
  }
  if (left.length === 0) {
    throw new TorcError('UNAVAILABLE', 'none of the agents of the layout can be reached', {
      hint: 'Start those that are left, and see `torc status`.',
    })
  }
  const { partitions, replicas, rows } = current.table
  const table = assignTable(left, { partitions, replicas }, current.table)
  const lost = [...new Set([...(current.terms?.lost ?? []), ...gone])].sort()
  const owners = rows.map(row => row.filter(isAlive).length)
  return {
    epoch: {
      ...{ number: current.number + 1, parentHash, lineage, agents: left, table },
      // Nobody who is left may be left out: each may be all that has a write.
      terms: { absentMax: 0, lost, fresh: [] },
    },
    gone,
    partitions,
    orphaned: owners.filter(count => count === 0).length,
    thinned: owners.filter((count, partition) => count < (rows[partition]?.length ?? 0)).length,
  }
}

/** What may be lost, for whoever is to say that it may. */
export function notRecovered({ gone, partitions, orphaned, thinned }: RecoveredLayout): TorcError {
  const nothing =
    orphaned === 0
      ? ''
      : `Of ${orphaned} of ${partitions} partitions no owner is left: what is in them is lost. `
  return new TorcError(
    'BAD_REQUEST',
    `this gives up ${gone.join(', ')} for good. ${nothing}Of ${thinned} partitions some owners are gone: acknowledged writes that only these had are lost, conditional ones may be undone, and what was removed may be there again where only these had heard of it.`,
    {
      hint: 'Start agents that may come back first: once they are given up, what they have is not taken back. To go on without them: `torc layout recover --yes`.',
      details: { gone, orphaned, thinned },
    },
  )
}
