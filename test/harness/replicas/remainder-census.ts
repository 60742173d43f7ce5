import { decodeSummary } from '@torc/cluster/state/key-summary'
import type { SqlDatabase } from '@torc/node-agent/disk/disk'

/** What is left of removed keys on an agent's disk. */
export interface RemainderCensus {
  readonly agent: string
  /** Keys without versions that nobody set a register of, and ballots of keys that are not there. */
  readonly left: readonly string[]
  /** Partitions of which anything was ever collected. */
  readonly partitions: number
  /** Keys with versions, as the agent counts and as counted anew. */
  readonly counted: number
  readonly keys: number
}

/** Looks at every row; the agent must not run. */
export function remaindersOf(agent: string, database: SqlDatabase): RemainderCensus {
  const left: string[] = []
  let keys = 0
  const states = database.prepare('SELECT key, summary FROM keys').all()
  for (const { key, summary } of states as { key: Uint8Array; summary: Uint8Array }[]) {
    const { versionCount, attributes } = decodeSummary(summary)
    if (versionCount > 0) keys++
    else if (![...attributes.values()].some(({ value }) => value !== undefined))
      left.push(`the state of ${Buffer.from(key)}`)
  }
  const rows = database.prepare(
    `SELECT ballots.key FROM ballots
     LEFT JOIN keys ON keys.bucket = ballots.bucket AND keys.key = ballots.key WHERE keys.id IS NULL`,
  )
  for (const key of rows.pluck().all() as Uint8Array[]) left.push(`the ballot row of ${Buffer.from(key)}`)
  const count = (sql: string): number => Number(database.prepare(sql).pluck().get())
  return {
    ...{ agent, left, keys },
    partitions: count('SELECT count(*) FROM collections'),
    counted: count('SELECT keys FROM counts'),
  }
}

/** What should not be: remainders after they had their time, and counts that are wrong. */
export function remainderProblems(agents: readonly RemainderCensus[]): string[] {
  return agents.flatMap(({ agent, left, counted, keys }) => [
    ...left.map(what => `${agent} still has ${what}`),
    ...(counted === keys ? [] : [`${agent} counts ${counted} keys and has ${keys}`]),
  ])
}
