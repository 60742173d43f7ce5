import { balanceRows } from './balance.js'
import { effectiveReplicas, idealLoads, zonesOf } from './ideal-loads.js'
import { isPartitionCount, partitionCountMax } from './partition.js'
import type { RingAgent, Table } from './table.js'

export interface TableReport {
  /** What is wrong, in words; empty for a table that keeps all rules. */
  readonly problems: readonly string[]
  /** Replicas that an agent owns and did not own in `previous` (all, when there is none). */
  readonly moved: number
  /** The fewest that any table for these agents could move. */
  readonly minMoved: number
  /** Replicas per agent. */
  readonly loads: ReadonlyMap<string, number>
}

/** Checks a table, whatever made it: shape, distinct owners and zones, balance, movement. */
export function validateTable(table: Table, agents: readonly RingAgent[], previous?: Table): TableReport {
  const loads = new Map(agents.map(agent => [agent.id, 0]))
  for (const id of table.rows.flat()) loads.set(id, (loads.get(id) ?? 0) + 1)
  const before = previous?.partitions === table.partitions ? previous.rows : []
  const moved = countMoved(table.rows, before)
  const usable = agents.filter(agent => agent.capacity > 0)
  const width = effectiveReplicas(usable, table.replicas)
  const shape = shapeProblems(table, agents, width)
  // Without a sound shape nothing can be said of balance and movement.
  if (shape.length > 0) return { problems: shape, moved, minMoved: 0, loads }

  const problems = rowProblems(table, agents, width)
  const bounds = idealLoads(usable, table.partitions, width)
  for (const [id, load] of loads) {
    const { least, most } = bounds.get(id) ?? { least: 0, most: 0 }
    if (load < least || load > most)
      problems.push(`agent ${id} holds ${load} partitions instead of ${least} to ${most}`)
  }
  const best = balanceRows(usable, bounds, { partitions: table.partitions, width }, before)
  const minMoved = countMoved(best, before)
  if (moved > minMoved) problems.push(`${moved} replicas move where ${minMoved} would do`)
  return { problems, moved, minMoved, loads }
}

function shapeProblems(table: Table, agents: readonly RingAgent[], width: number): string[] {
  const problems: string[] = []
  if (new Set(agents.map(agent => agent.id)).size !== agents.length) problems.push('an agent is listed twice')
  if (!isPartitionCount(table.partitions)) {
    problems.push(`${table.partitions} partitions are not a power of two up to ${partitionCountMax}`)
  }
  if (table.rows.length !== table.partitions) {
    problems.push(`there are ${table.rows.length} rows for ${table.partitions} partitions`)
  }
  if (!(width >= 1)) problems.push('no partition can have an owner')
  return problems
}

function rowProblems(table: Table, agents: readonly RingAgent[], width: number): string[] {
  const problems: string[] = []
  const zoneOf = new Map(agents.map(agent => [agent.id, agent.zone]))
  const zonesWanted = Math.min(width, zonesOf(agents.filter(agent => agent.capacity > 0)).size)
  for (const [partition, row] of table.rows.entries()) {
    if (row.length !== width)
      problems.push(`partition ${partition} has ${row.length} owners instead of ${width}`)
    if (new Set(row).size !== row.length) problems.push(`partition ${partition} names an agent twice`)
    for (const id of row) {
      if (!zoneOf.has(id)) problems.push(`partition ${partition} names the unknown agent ${id}`)
    }
    const zones = new Set(row.map(id => zoneOf.get(id)))
    if (zones.size < zonesWanted) {
      problems.push(`partition ${partition} is in ${zones.size} zones instead of ${zonesWanted}`)
    }
  }
  return problems
}

function countMoved(rows: readonly (readonly string[])[], before: readonly (readonly string[])[]): number {
  let moved = 0
  for (const [partition, row] of rows.entries()) {
    const old = new Set(before[partition])
    for (const id of row) if (!old.has(id)) moved++
  }
  return moved
}
