import { TorcError } from '@torc/protocol/errors'
import { balanceRows } from './balance.js'
import { effectiveReplicas, idealLoads } from './ideal-loads.js'
import { isPartitionCount, partitionCountMax } from './partition.js'
import { orderRows } from './row-order.js'

/** What placement knows of an agent. */
export interface RingAgent {
  readonly id: string
  /** Agents of one zone may fail together; empty text is a zone like any other. */
  readonly zone: string
  /** Relative weight (bytes). An agent of capacity 0 gets nothing. */
  readonly capacity: number
}

/** Most owners that a partition can have. */
export const replicasMax = 64

/** Which agents own each partition. */
export interface Table {
  readonly partitions: number
  /** Owners wanted per partition; rows are shorter where there are fewer agents. */
  readonly replicas: number
  /** Agent ids, most preferred first: the first live one mints. */
  readonly rows: readonly (readonly string[])[]
}

/**
 * A table over `agents`: distinct agents per row, in distinct zones where there are enough, loads in
 * proportion to capacity to within one partition (as far as distinct zones allow), first places spread
 * evenly too. Given `previous`, no assignment that keeps these rules moves fewer replicas. The same
 * arguments give the same table. Throws BAD_REQUEST for a shape or agents that no table can have.
 */
export function assignTable(
  agents: readonly RingAgent[],
  shape: { readonly partitions: number; readonly replicas: number },
  previous?: Table,
): Table {
  const { partitions, replicas } = shape
  checkShape(agents, partitions, replicas)
  const usable = agents.filter(agent => agent.capacity > 0).sort((a, b) => (a.id < b.id ? -1 : 1))
  const before = previous?.partitions === partitions ? previous.rows : []
  const width = effectiveReplicas(usable, replicas)
  const sets = balanceRows(usable, idealLoads(usable, partitions, width), { partitions, width }, before)
  return { partitions, replicas, rows: orderRows(usable, sets, before) }
}

function checkShape(agents: readonly RingAgent[], partitions: number, replicas: number): void {
  if (!isPartitionCount(partitions)) {
    throw new TorcError(
      'BAD_REQUEST',
      `${partitions} partitions are not a power of two up to ${partitionCountMax}`,
    )
  }
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > replicasMax) {
    throw new TorcError('BAD_REQUEST', `${replicas} replicas are not between 1 and ${replicasMax}`)
  }
  if (new Set(agents.map(agent => agent.id)).size !== agents.length) {
    throw new TorcError('BAD_REQUEST', 'an agent is listed twice')
  }
  if (!agents.some(agent => agent.capacity > 0)) {
    throw new TorcError('BAD_REQUEST', 'a layout needs an agent with capacity')
  }
}

/** The owners of `partition` for a bucket of `replicas` copies, most preferred first. */
export function preferenceList(table: Table, partition: number, replicas: number): readonly string[] {
  const row = table.rows[partition] ?? []
  return row.length <= replicas ? row : row.slice(0, replicas)
}

/** The agents that stand in for owners that are down: all others, in ring order from the next partition on. */
export function fallbacks(table: Table, partition: number): string[] {
  const owners = new Set(table.rows[partition])
  const found = new Set<string>()
  for (let step = 1; step < table.partitions; step++) {
    for (const id of table.rows[(partition + step) % table.partitions] ?? [])
      if (!owners.has(id)) found.add(id)
  }
  return [...found]
}
