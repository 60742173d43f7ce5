import { balanceRows } from './balance.js'
import { effectiveReplicas, idealLoads, zonesOf } from './ideal-loads.js'
import { isPartitionCount } from './partition.js'
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
  const problems: string[] = []
  const loads = new Map(agents.map(agent => [agent.id, 0]))
  if (loads.size !== agents.length) problems.push('an agent is listed twice')
  if (!isPartitionCount(table.partitions))
    problems.push(`${table.partitions} partitions are not a power of two up to 65536`)
  if (table.rows.length !== table.partitions)
    problems.push(`${table.rows.length} rows for ${table.partitions} partitions`)
  const usable = agents.filter(agent => agent.capacity > 0)
  const width = effectiveReplicas(usable, table.replicas)
  if (width === 0) problems.push('no agent has capacity')

  const zoneOf = new Map(agents.map(agent => [agent.id, agent.zone]))
  const zonesWanted = Math.min(width, zonesOf(usable).size)
  for (const [partition, row] of table.rows.entries()) {
    if (row.length !== width)
      problems.push(`partition ${partition} has ${row.length} owners instead of ${width}`)
    if (new Set(row).size !== row.length) problems.push(`partition ${partition} names an agent twice`)
    const zones = new Set<string>()
    for (const id of row) {
      const zone = zoneOf.get(id)
      if (zone === undefined) problems.push(`partition ${partition} names the unknown agent ${id}`)
      else zones.add(zone)
      loads.set(id, (loads.get(id) ?? 0) + 1)
    }
    if (zones.size < zonesWanted)
      problems.push(`partition ${partition} is in ${zones.size} zones instead of ${zonesWanted}`)
  }

  const bounds = idealLoads(usable, table.partitions, width)
  for (const [id, load] of loads) {
    const { least, most } = bounds.get(id) ?? { least: 0, most: 0 }
    if (load < least || load > most)
      problems.push(`agent ${id} holds ${load} partitions instead of ${least} to ${most}`)
  }

  const before = previous?.partitions === table.partitions ? previous.rows : []
  const moved = countMoved(table.rows, before)
  const best = balanceRows(usable, bounds, { partitions: table.partitions, width }, before)
  const minMoved = countMoved(best, before)
  if (moved > minMoved) problems.push(`${moved} replicas move where ${minMoved} would do`)
  return { problems, moved, minMoved, loads }
}

function countMoved(rows: readonly (readonly string[])[], before: readonly (readonly string[])[]): number {
  let moved = 0
  for (const [partition, row] of rows.entries()) {
    const old = new Set(before[partition])
    for (const id of row) if (!old.has(id)) moved++
  }
  return moved
}
