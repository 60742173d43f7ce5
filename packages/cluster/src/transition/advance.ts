import type { Epoch } from '../ring/epoch.js'
import { hasPartition } from '../ring/partition-bits.js'
import type { LayoutState } from './owner-tables.js'
import { compareStaged, type StagedNumber, stages } from './stage.js'

/** What an agent says of its part in a transition; all of it is on its disk. */
export interface TransitionReport extends StagedNumber {
  /** A bit for each partition that it owns and has not taken over yet. */
  readonly unsynced: Uint8Array | undefined
}

/** How an old owner's content counts: what it had may be gone, whatever answers in its name. */
function isGone({ terms }: Epoch, agent: string): boolean {
  return terms !== undefined && (terms.lost.includes(agent) || terms.fresh.includes(agent))
}

/** Owners of the layout before that still have what they held. */
function lastingOwners({ epoch, previous }: LayoutState, partition: number): readonly string[] {
  return (previous?.table.rows[partition] ?? []).filter(agent => !isGone(epoch, agent))
}

/** Of these so many may be left out: those that are gone have used up some of what may be absent. */
function mayBeAbsent({ epoch, previous }: LayoutState, partition: number): number {
  const gone = (previous?.table.rows[partition] ?? []).filter(agent => isGone(epoch, agent)).length
  return Math.max(0, (epoch.terms?.absentMax ?? 0) - gone)
}

/** Partitions whose owners change, or count anew. */
export function changedPartitions({ epoch, previous }: LayoutState): number[] {
  if (previous === undefined) return []
  const changed: number[] = []
  for (const [partition, row] of epoch.table.rows.entries()) {
    const before = previous.table.rows[partition] ?? []
    const isSame = row.length === before.length && row.every((agent, place) => agent === before[place])
    if (!isSame || row.some(agent => epoch.terms?.fresh.includes(agent))) changed.push(partition)
  }
  return changed
}

/** From whom an agent takes a partition over. */
export interface Sources {
  /** Owners before it that may have something. */
  readonly agents: readonly string[]
  /** From how many of these it must have taken it over, before it counts. */
  readonly needed: number
}

/**
 * Old owners, and how many of them a new one must have read, so that every write that W of them acknowledged is among
 * what it read, and every ballot that a majority accepted, in all buckets: that is what `absentMax` allows for.
 * `hasNothing`: the agent that asks is among the old owners, but its own copy does not count.
 */
export function sourcesOf(
  state: LayoutState,
  partition: number,
  agent: string,
  hasNothing: boolean,
): Sources {
  // Without the layout before nobody knows whom to ask.
  if (state.previous === undefined) return { agents: [], needed: 1 }
  const lasting = lastingOwners(state, partition)
  const agents = lasting.filter(other => other !== agent)
  const isAbsent = hasNothing && agents.length < lasting.length
  const absent = Math.max(0, mayBeAbsent(state, partition) - (isAbsent ? 1 : 0))
  return { agents, needed: Math.min(agents.length, Math.max(1, agents.length - absent)) }
}

/**
 * Whether reads may go over to the new owners: each of them has taken over what it owns. One that is down does not
 * hold up the others where so few of a partition are: it answers no read until it is synced.
 */
export function mayReadNew(
  state: LayoutState,
  reports: ReadonlyMap<string, TransitionReport>,
  isDown: (agent: string) => boolean,
): boolean {
  const { epoch } = state
  return changedPartitions(state).every(partition => {
    const missing = (epoch.table.rows[partition] ?? []).filter(agent => {
      const report = reports.get(agent)
      return !has(report, { number: epoch.number, stage: stages.readOld }) || isUnsynced(report, partition)
    })
    return missing.length <= (epoch.terms?.absentMax ?? 0) && missing.every(isDown)
  })
}

/**
 * Whether the old owners need not be written to any more: of each partition so many of them refuse to be read as one
 * of the old layout that no R of them can answer.
 */
export function mayWriteNew(state: LayoutState, reports: ReadonlyMap<string, TransitionReport>): boolean {
  const { number } = state.epoch
  return changedPartitions(state).every(partition => {
    const lasting = lastingOwners(state, partition)
    const refusing = lasting.filter(agent => has(reports.get(agent), { number, stage: stages.readNew }))
    return refusing.length >= lasting.length - mayBeAbsent(state, partition)
  })
}

function has(report: TransitionReport | undefined, least: StagedNumber): report is TransitionReport {
  return report !== undefined && compareStaged(report, least) >= 0
}

function isUnsynced(report: TransitionReport, partition: number): boolean {
  return hasPartition(report.unsynced, partition)
}
