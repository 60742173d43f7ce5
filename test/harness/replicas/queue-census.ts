import type { SqlDatabase } from '@torc/node-agent/disk/disk'

/** Tables in which an agent keeps what has still to be done: each is empty once all is mended and nobody writes. */
const queues = ['hints', 'block_hints', 'releases', 'leftovers', 'draining', 'tree_changes'] as const
/** Those that may hold as many rows as there are lines of a log before it is folded, or agents. */
const rowsMax: Partial<Record<(typeof queues)[number], number>> = { tree_changes: 4096 }

export interface QueueCensus {
  readonly agent: string
  /** Rows by table. */
  readonly rows: ReadonlyMap<string, number>
}

/** Counts what waits on an agent's disk; the agent must not run. */
export function takeQueueCensus(agent: string, database: SqlDatabase): QueueCensus {
  const count = (table: string) => Number(database.prepare(`SELECT count(*) FROM ${table}`).pluck().get())
  return { agent, rows: new Map(queues.map(table => [table, count(table)])) }
}

/** Queues that did not run empty, in words. */
export function queueProblems(agents: readonly QueueCensus[]): string[] {
  return agents.flatMap(({ agent, rows }) =>
    queues.flatMap(table => {
      const left = rows.get(table) ?? 0
      const max = rowsMax[table] ?? 0
      return left > max ? [`${left} rows are left in ${table} of ${agent}, and may be ${max}`] : []
    }),
  )
}
