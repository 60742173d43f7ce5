import { TorcError } from '@torc/protocol/errors'
import type { SqlDatabase } from '../disk/disk.js'
import { countBodyBytes } from './body-bytes.js'
import { migrations } from './migrations.js'
import { noteRemainders } from './note-remainders.js'

/** What SQL alone cannot do, by the version that a step brings, in the step's transaction. */
const computed: Readonly<Record<number, (database: SqlDatabase) => void>> = {
  5: countBodyBytes,
  11: noteRemainders,
}

export const indexVersion = migrations.length

/** Version of the schema that the database has; 0 in an empty one. */
export function indexVersionOf(database: SqlDatabase): number {
  return Number(database.pragma('user_version', { simple: true }))
}

/**
 * Brings the database to the newest schema, each step in one transaction: a crash leaves it before a step or after
 * it. DATA_DIRECTORY when it was written by a newer Torc.
 */
export function migrateIndex(database: SqlDatabase, directory: string): void {
  const found = indexVersionOf(database)
  if (found > indexVersion) {
    throw new TorcError(
      'DATA_DIRECTORY',
      `the index of ${directory} has version ${found}; this version of Torc knows versions up to ${indexVersion}`,
      { hint: 'Start it with the version of Torc that last used the directory, or a newer one.' },
    )
  }
  for (let version = found; version < indexVersion; version++) {
    try {
      database.exec(`BEGIN IMMEDIATE; ${migrations[version]}`)
      computed[version + 1]?.(database)
      database.exec(`PRAGMA user_version = ${version + 1}; COMMIT;`)
    } catch (thrown) {
      if (database.inTransaction) database.exec('ROLLBACK')
      throw thrown
    }
  }
}
