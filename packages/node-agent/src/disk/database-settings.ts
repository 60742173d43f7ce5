import type { SqlDatabase } from './disk.js'

/**
 * Settings of every database of an agent. Measured on a 2-core machine (1 KiB rows, unique index, batches of 64,
 * FULL): random keys 33,000 rows/s with 4 KiB pages and a checkpoint every 1,000 pages, 43,700 with 8 KiB and
 * every 4,000; rising keys 72,000 and 106,000.
 */
const pageBytes = 8192
const checkpointPages = 4000
const cacheKibibytes = 32 * 1024
const statementsWaitMs = 5000

/** WAL with FULL: a commit returns after the log was fsynced, which is what "durable" means here. */
export function applySettings(database: SqlDatabase): void {
  // Takes effect on a database that has no pages yet; an older one keeps its size.
  database.pragma(`page_size = ${pageBytes}`)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma(`wal_autocheckpoint = ${checkpointPages}`)
  database.pragma(`cache_size = -${cacheKibibytes}`)
  database.pragma(`busy_timeout = ${statementsWaitMs}`)
  database.pragma('temp_store = MEMORY')
}
