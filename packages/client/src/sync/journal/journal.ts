import { TorcError } from '@torc/protocol/errors'
import Database from 'better-sqlite3'
import type { Content, Fingerprint, RemoteEntry, SyncedEntry } from '../trees/entry.js'
import { migrations } from './schema.js'

/** An upload that was begun: where the store has a version with the id of its operation, it is our own. */
export interface Intent {
  readonly opId: Uint8Array
  readonly content: Content
  readonly fingerprint: Fingerprint
  /** Of the write. */
  readonly context: string
}

/** A file or folder that is about to come from the store: where it is here, it is that version, and nobody's edit. */
export type Arrival = Pick<SyncedEntry, 'content' | 'versionId' | 'context'>

interface SyncedRow {
  readonly name: string
  readonly kind: Content['kind']
  readonly sha256: string
  readonly size: number
  readonly executable: number
  readonly fingerprint: string
  readonly version_id: string | null
  readonly context: string
}

/**
 * What a folder knows of itself between two runs, in SQLite. WAL with NORMAL: what was written survives the end of the
 * process at any moment; a power cut may take the last writes, which then are found out by comparing both sides again.
 * One process at a time: the database is locked while it is open.
 */
export class Journal {
  readonly #database: Database.Database
  readonly #together: Database.Transaction<(run: () => void) => void>
  readonly #fact: Database.Statement
  readonly #setFact: Database.Statement
  readonly #deleteFact: Database.Statement
  readonly #setSynced: Database.Statement
  readonly #deleteSynced: Database.Statement
  readonly #setRemote: Database.Statement
  readonly #deleteRemote: Database.Statement
  readonly #setIntent: Database.Statement
  readonly #deleteIntent: Database.Statement
  readonly #setArrival: Database.Statement
  readonly #deleteArrival: Database.Statement

  private constructor(database: Database.Database) {
    this.#database = database
    this.#together = database.transaction(run => run())
    const prepare = (sql: string) => database.prepare(sql)
    this.#fact = prepare('SELECT value FROM facts WHERE fact = ?').pluck()
    this.#setFact = prepare('INSERT OR REPLACE INTO facts VALUES (?, ?)')
    this.#deleteFact = prepare('DELETE FROM facts WHERE fact = ?')
    this.#setSynced = prepare('INSERT OR REPLACE INTO synced VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    this.#deleteSynced = prepare('DELETE FROM synced WHERE name = ?')
    this.#setRemote = prepare('INSERT OR REPLACE INTO remote VALUES (?, ?)')
    this.#deleteRemote = prepare('DELETE FROM remote WHERE name = ?')
    this.#setIntent = prepare('INSERT OR REPLACE INTO intents VALUES (?, ?, ?)')
    this.#deleteIntent = prepare('DELETE FROM intents WHERE name = ?')
    this.#setArrival = prepare('INSERT OR REPLACE INTO arrivals VALUES (?, ?)')
    this.#deleteArrival = prepare('DELETE FROM arrivals WHERE name = ?')
  }

  /**
   * Opens or makes the journal in a file (`:memory:` for none). CORRUPT where it can't be read; CONFLICT where another
   * process has it.
   */
  static open(file: string): Journal {
    const database = new Database(file, { timeout: 0 })
    try {
      database.pragma('locking_mode = EXCLUSIVE')
      database.pragma('journal_mode = WAL')
      database.pragma('synchronous = NORMAL')
      const problem = database.pragma('quick_check(1)', { simple: true })
      if (problem !== 'ok') throw new TorcError('CORRUPT', `${file}: ${problem}`)
      migrate(database, file)
      return new Journal(database)
    } catch (thrown) {
      database.close()
      throw openError(thrown, file)
    }
  }

  close(): void {
    this.#database.close()
  }

  /** All that `run` writes becomes durable together, or nothing of it. Not to be nested with an await inside. */
  transaction(run: () => void): void {
    if (this.#database.inTransaction) run()
    else this.#together.immediate(run)
  }

  /** Where the folder is in the feed of changes. */
  get cursor(): string | undefined {
    return this.#fact.get('cursor') as string | undefined
  }

  set cursor(cursor: string | undefined) {
    if (cursor === undefined) this.#deleteFact.run('cursor')
    else this.#setFact.run('cursor', cursor)
  }

  *synced(): Generator<readonly [string, SyncedEntry]> {
    for (const row of this.#database.prepare('SELECT * FROM synced').all() as SyncedRow[]) {
      const { name, kind, sha256, size, executable, fingerprint, version_id, context } = row
      const content = { kind, sha256, size, executable: executable !== 0 }
      yield [name, { content, fingerprint, versionId: version_id ?? undefined, context }]
    }
  }

  setSynced(name: string, { content, fingerprint, versionId, context }: SyncedEntry): void {
    const { kind, sha256, size, executable } = content
    this.#setSynced.run(
      ...[name, kind, sha256, size, executable ? 1 : 0, fingerprint, versionId ?? null, context],
    )
  }

  deleteSynced(name: string): void {
    this.#deleteSynced.run(name)
  }

  /** Names of which the store holds something else than what was synced; undefined: nothing. */
  *remote(): Generator<readonly [string, RemoteEntry | undefined]> {
    const rows = this.#database.prepare('SELECT name, entry FROM remote').all()
    for (const { name, entry } of rows as { name: string; entry: string | null }[])
      yield [name, entry === null ? undefined : readEntry(entry)]
  }

  setRemote(name: string, entry: RemoteEntry | undefined): void {
    this.#setRemote.run(name, entry === undefined ? null : JSON.stringify(entry))
  }

  deleteRemote(name: string): void {
    this.#deleteRemote.run(name)
  }

  *intents(): Generator<readonly [string, Intent]> {
    const rows = this.#database.prepare('SELECT name, op_id, intent FROM intents').all()
    for (const row of rows as { name: string; op_id: Uint8Array; intent: string }[])
      yield [row.name, { opId: row.op_id, ...(JSON.parse(row.intent) as Omit<Intent, 'opId'>) }]
  }

  setIntent(name: string, { opId, ...intent }: Intent): void {
    this.#setIntent.run(name, opId, JSON.stringify(intent))
  }

  deleteIntent(name: string): void {
    this.#deleteIntent.run(name)
  }

  *arrivals(): Generator<readonly [string, Arrival]> {
    const rows = this.#database.prepare('SELECT name, arrival FROM arrivals').all()
    for (const row of rows as { name: string; arrival: string }[])
      yield [row.name, JSON.parse(row.arrival) as Arrival]
  }

  setArrival(name: string, { content, versionId, context }: Arrival): void {
    this.#setArrival.run(name, JSON.stringify({ content, versionId, context }))
  }

  deleteArrival(name: string): void {
    this.#deleteArrival.run(name)
  }

  /** Forgets all: both sides are compared anew, and nothing is taken for deleted. */
  clear(): void {
    const tables = ['facts', 'synced', 'remote', 'intents', 'arrivals']
    this.#database.exec(tables.map(table => `DELETE FROM ${table};`).join(' '))
  }
}

function migrate(database: Database.Database, file: string): void {
  const found = Number(database.pragma('user_version', { simple: true }))
  if (found > migrations.length) {
    throw new TorcError('CONFIG', `${file} was written by a newer version of Torc`, {
      hint: 'Sync the folder with that version, or a newer one.',
    })
  }
  for (let version = found; version < migrations.length; version++) {
    database.exec(`BEGIN IMMEDIATE; ${migrations[version]} PRAGMA user_version = ${version + 1}; COMMIT;`)
  }
}

/** Dates become dates again. */
function readEntry(text: string): RemoteEntry {
  const entry = JSON.parse(text) as RemoteEntry
  return { ...entry, heads: entry.heads.map(head => ({ ...head, createdAt: new Date(head.createdAt) })) }
}

function openError(thrown: unknown, file: string): unknown {
  const code = (thrown as { code?: unknown }).code
  if (code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED') {
    return new TorcError('CONFLICT', 'another process syncs this folder', {
      hint: `End it first: it has ${file} open.`,
      cause: thrown,
    })
  }
  if (code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB')
    return new TorcError('CORRUPT', `${file} is damaged`, { cause: thrown })
  return thrown
}
