import type { ActorId, Dot } from '@torc/cluster/clocks/dot'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'

/** Rows of key states and versions that statements have touched since the start: what a request really costs. */
export interface RowCounts {
  read: number
  written: number
}

/** A row of `keys` without its body. */
export interface StoredKey {
  readonly id: number
  readonly summary: Uint8Array
}

/** A row of `keys` with the inline body of its latest head; null when that has none. */
export interface StoredKeyAndBody extends StoredKey {
  readonly body: Uint8Array | null
}

/** A row of `keys` in a listing. */
export interface NamedKey extends StoredKey {
  readonly key: Uint8Array
}

/** A version that has a row of its own. */
export interface StoredVersion {
  readonly dot: Dot
  readonly createdAt: number
  readonly opId: Uint8Array
  readonly record: Uint8Array
  /** Undefined leaves out; null: the body is in blocks, or there is none. */
  readonly body: Uint8Array | null
}

/** What a row of `versions` says of its place in the history. A tuple: objects took half as long again to read. */
export type DatedDot = readonly [actor: ActorId, counter: number, createdAt: number]

export interface DottedRecord extends Dot {
  readonly record: Uint8Array
}

/**
 * The prepared statements over `keys` and `versions`. It knows rows and bytes, nothing of what they mean. Each
 * statement finds its rows by an index and sorts nothing, whatever the length of the history.
 */
export class KeyRows {
  readonly counts: RowCounts
  readonly #find: SqlStatement
  readonly #findWithBody: SqlStatement
  readonly #summaryOf: SqlStatement
  readonly #insert: SqlStatement
  readonly #updateSummary: SqlStatement
  readonly #updateLatest: SqlStatement
  readonly #bodyOfKey: SqlStatement
  readonly #moveLatest: SqlStatement
  readonly #insertVersion: SqlStatement
  readonly #promote: SqlStatement
  readonly #deleteVersion: SqlStatement
  readonly #deleteVersions: SqlStatement
  readonly #deleteKey: SqlStatement
  readonly #hasVersion: SqlStatement
  readonly #bodyOfVersion: SqlStatement
  readonly #recordOf: SqlStatement
  readonly #recordsOf: SqlStatement
  readonly #dotsOf: SqlStatement
  readonly #oldest: SqlStatement
  readonly #recordsUpTo: SqlStatement
  readonly #recordsByOperation: SqlStatement
  readonly #rangeAfter: SqlStatement
  readonly #rangeFrom: SqlStatement
  readonly #rangeAfterWithin: SqlStatement
  readonly #rangeFromWithin: SqlStatement

  constructor(database: SqlDatabase, counts: RowCounts = { read: 0, written: 0 }) {
    this.counts = counts
    const prepare = (sql: string): SqlStatement => database.prepare(sql)
    const ofVersion = 'WHERE key_id = ? AND actor = ? AND counter = ?'
    this.#find = prepare('SELECT id, summary FROM keys WHERE bucket = ? AND key = ?')
    this.#findWithBody = prepare('SELECT id, summary, body FROM keys WHERE bucket = ? AND key = ?')
    this.#summaryOf = prepare('SELECT summary FROM keys WHERE id = ?').pluck()
    this.#insert = prepare(
      'INSERT INTO keys (bucket, key, partition, position, summary, body) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#updateSummary = prepare('UPDATE keys SET summary = ? WHERE id = ?')
    this.#updateLatest = prepare('UPDATE keys SET summary = ?, body = ? WHERE id = ?')
    this.#bodyOfKey = prepare('SELECT body FROM keys WHERE id = ?').pluck()
    // The body goes from one table to the other without a copy in this process's heap.
    this.#moveLatest = prepare(
      `INSERT INTO versions (key_id, actor, counter, created_at, op_id, record, body)
       SELECT id, ?, ?, ?, ?, ?, body FROM keys WHERE id = ?`,
    )
    this.#insertVersion = prepare(
      `INSERT INTO versions (key_id, actor, counter, created_at, op_id, record, body) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#promote = prepare(
      `UPDATE keys SET summary = ?,
         body = (SELECT body FROM versions WHERE key_id = keys.id AND actor = ? AND counter = ?) WHERE id = ?`,
    )
    this.#deleteVersion = prepare(`DELETE FROM versions ${ofVersion}`)
    this.#deleteVersions = prepare('DELETE FROM versions WHERE key_id = ?')
    this.#deleteKey = prepare('DELETE FROM keys WHERE id = ?')
    this.#hasVersion = prepare(`SELECT 1 FROM versions ${ofVersion}`).pluck()
    this.#bodyOfVersion = prepare(`SELECT body FROM versions ${ofVersion}`).pluck()
    this.#recordOf = prepare(`SELECT record FROM versions ${ofVersion}`).pluck()
    this.#recordsOf = prepare(
      'SELECT actor, counter, record FROM versions WHERE key_id = ? ORDER BY created_at DESC',
    )
    this.#dotsOf = prepare('SELECT actor, counter FROM versions WHERE key_id = ? ORDER BY actor, counter')
    this.#oldest = prepare(
      'SELECT actor, counter, created_at FROM versions WHERE key_id = ? ORDER BY created_at LIMIT ?',
    ).raw()
    this.#recordsUpTo = prepare(
      'SELECT record FROM versions WHERE key_id = ? AND created_at <= ? ORDER BY created_at DESC',
    ).pluck()
    this.#recordsByOperation = prepare(
      `SELECT actor, counter, record FROM versions
       WHERE key_id = ? AND op_id BETWEEN ? AND ? ORDER BY op_id`,
    )
    const range = (from: string, below: string): SqlStatement =>
      prepare(
        `SELECT id, key, summary FROM keys WHERE bucket = ? AND key ${from} ?${below} ORDER BY key LIMIT ?`,
      )
    this.#rangeAfter = range('>', '')
    this.#rangeFrom = range('>=', '')
    this.#rangeAfterWithin = range('>', ' AND key < ?')
    this.#rangeFromWithin = range('>=', ' AND key < ?')
  }

  find(bucketId: Uint8Array, key: Uint8Array): StoredKey | undefined {
    return this.#one(this.#find.get(bucketId, key)) as StoredKey | undefined
  }

  findWithBody(bucketId: Uint8Array, key: Uint8Array): StoredKeyAndBody | undefined {
    return this.#one(this.#findWithBody.get(bucketId, key)) as StoredKeyAndBody | undefined
  }

  /** The summary as it is now. */
  summaryOf(id: number): Uint8Array | undefined {
    return this.#one(this.#summaryOf.get(id)) as Uint8Array | undefined
  }

  insert(
    bucketId: Uint8Array,
    key: Uint8Array,
    partition: number,
    position: number,
    summary: Uint8Array,
    body: Uint8Array | null,
  ): number {
    this.counts.written++
    return Number(this.#insert.run(bucketId, key, partition, position, summary, body).lastInsertRowid)
  }

  updateSummary(id: number, summary: Uint8Array): void {
    this.counts.written += this.#updateSummary.run(summary, id).changes
  }

  /** A new latest head that has no row yet. */
  updateLatest(id: number, summary: Uint8Array, body: Uint8Array | null): void {
    this.counts.written += this.#updateLatest.run(summary, body, id).changes
  }

  /** The latest head of before, with the body that the key's row still has, gets a row of its own. */
  moveLatest(id: number, version: Omit<StoredVersion, 'body'>): void {
    const { dot, createdAt, opId, record } = version
    this.counts.read++
    this.counts.written += this.#moveLatest.run(dot.actor, dot.counter, createdAt, opId, record, id).changes
  }

  insertVersion(id: number, version: StoredVersion): void {
    const { dot, createdAt, opId, record, body } = version
    this.counts.written++
    this.#insertVersion.run(id, dot.actor, dot.counter, createdAt, opId, record, body)
  }

  /** A version that has a row becomes the latest head. */
  promote(id: number, summary: Uint8Array, dot: Dot): void {
    this.counts.read++
    this.counts.written += this.#promote.run(summary, dot.actor, dot.counter, id).changes
    this.deleteVersion(id, dot)
  }

  deleteVersion(id: number, dot: Dot): void {
    this.counts.written += this.#deleteVersion.run(id, dot.actor, dot.counter).changes
  }

  /** The key's row and those of its versions. Its id may be given to another key afterwards. */
  deleteKey(id: number): void {
    this.counts.written += this.#deleteVersions.run(id).changes + this.#deleteKey.run(id).changes
  }

  hasVersion(id: number, dot: Dot): boolean {
    return this.#one(this.#hasVersion.get(id, dot.actor, dot.counter)) !== undefined
  }

  bodyOfLatest(id: number): Uint8Array | null {
    return (this.#one(this.#bodyOfKey.get(id)) ?? null) as Uint8Array | null
  }

  /** Undefined when there is no such row. */
  bodyOfVersion(id: number, dot: Dot): Uint8Array | null | undefined {
    return this.#one(this.#bodyOfVersion.get(id, dot.actor, dot.counter)) as Uint8Array | null | undefined
  }

  recordOf(id: number, dot: Dot): Uint8Array | undefined {
    return this.#one(this.#recordOf.get(id, dot.actor, dot.counter)) as Uint8Array | undefined
  }

  /** All that have rows, newest first. */
  recordsOf(id: number): DottedRecord[] {
    return this.#many(this.#recordsOf.all(id)) as DottedRecord[]
  }

  /** Dots of all that have rows, from the index alone: what makes a snapshot of a history that is too long to hold. */
  dotsOf(id: number): Dot[] {
    return this.#many(this.#dotsOf.all(id)) as Dot[]
  }

  /** Oldest first, at most `limit`. */
  oldest(id: number, limit: number): DatedDot[] {
    return this.#many(this.#oldest.all(id, limit)) as DatedDot[]
  }

  /** Versions with rows that were made up to a time, newest first. */
  recordsUpTo(id: number, time: number): Uint8Array[] {
    return this.#many(this.#recordsUpTo.all(id, time)) as Uint8Array[]
  }

  /** Versions whose opId lies between two, both included. */
  recordsByOperation(id: number, first: Uint8Array, last: Uint8Array): DottedRecord[] {
    return this.#many(this.#recordsByOperation.all(id, first, last)) as DottedRecord[]
  }

  /** Keys of a bucket after `start` (or from it on), below `end` if there is one, in bytewise order. */
  range(
    bucketId: Uint8Array,
    start: Uint8Array,
    inclusive: boolean,
    end: Uint8Array | undefined,
    limit: number,
  ): NamedKey[] {
    if (end === undefined) {
      const statement = inclusive ? this.#rangeFrom : this.#rangeAfter
      return this.#many(statement.all(bucketId, start, limit)) as NamedKey[]
    }
    const statement = inclusive ? this.#rangeFromWithin : this.#rangeAfterWithin
    return this.#many(statement.all(bucketId, start, end, limit)) as NamedKey[]
  }

  #one(row: unknown): unknown {
    if (row !== undefined) this.counts.read++
    return row
  }

  #many(rows: unknown[]): unknown[] {
    this.counts.read += rows.length
    return rows
  }
}
