import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { TransactionListener } from '../index/group-commit.js'

/** What the index knows of the directory that it belongs to. */
export interface DirectoryRow {
  /** Node id of the agent: an index that was put in from elsewhere has another. */
  readonly nodeId: string
  /** Whether the last process closed the index in order. */
  readonly closed: boolean
}

/** Undefined in an index that was never finished, or lost its contents. */
export function readDirectoryRow(database: SqlDatabase): DirectoryRow | undefined {
  const row = database.prepare('SELECT node_id AS nodeId, closed FROM directory').get() as
    | { nodeId: string; closed: number }
    | undefined
  return row === undefined ? undefined : { nodeId: row.nodeId, closed: row.closed === 1 }
}

/** Makes the row of a new index. */
export function writeDirectoryRow(database: SqlDatabase, nodeId: string): void {
  database.exec('DELETE FROM directory')
  database.prepare('INSERT INTO directory (node_id, closed) VALUES (?, 0)').run(nodeId)
}

/**
 * Takes the mark of an orderly end away, in the first transaction of a process: one that can't write, as its disk is
 * full, still starts and serves reads.
 */
export class OpenMark implements TransactionListener {
  readonly #save: SqlStatement
  #durable = false

  constructor(database: SqlDatabase) {
    this.#save = database.prepare('UPDATE directory SET closed = 0')
  }

  beforeCommit(): void {
    if (!this.#durable) this.#save.run()
  }

  committed(): void {
    this.#durable = true
  }

  rolledBack(): void {
    // The next transaction takes it away.
  }
}

/** Says that all writes are over, and moves the log into the database file. */
export function markClosed(database: SqlDatabase): void {
  database.prepare('UPDATE directory SET closed = 1').run()
  database.pragma('wal_checkpoint(TRUNCATE)')
}
