import type { SqlDatabase } from '../disk/disk.js'

/**
 * A mark in the index that says whether the last process closed it in order. Durable like any commit: it is
 * cleared before the first write of a process and set after its last one.
 */
export function wasClosed(database: SqlDatabase): boolean {
  return database.prepare('SELECT closed FROM shutdown').pluck().get() === 1
}

/** Says that a process may write from now on. */
export function markOpen(database: SqlDatabase): void {
  database.prepare('UPDATE shutdown SET closed = 0').run()
}

/** Says that all writes are over, and moves the log into the database file. */
export function markClosed(database: SqlDatabase): void {
  database.prepare('UPDATE shutdown SET closed = 1').run()
  database.pragma('wal_checkpoint(TRUNCATE)')
}
