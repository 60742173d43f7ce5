import type { Dot } from '@torc/cluster/clocks/dot'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'

/** A row of `keys` without its body. */
export interface StoredKey {
  readonly id: number
  readonly summary: Uint8Array
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

/** The prepared statements over `keys` and `versions`. It knows rows and bytes, nothing of what they mean. */
export class KeyRows {
  readonly #find: SqlStatement
  readonly #insert: SqlStatement
  readonly #updateSummary: SqlStatement
  readonly #updateLatest: SqlStatement
  readonly #bodyOfKey: SqlStatement
  readonly #moveLatest: SqlStatement
  readonly #insertVersion: SqlStatement
  readonly #promote: SqlStatement
  readonly #deleteVersion: SqlStatement
  readonly #hasVersion: SqlStatement
  readonly #bodyOfVersion: SqlStatement
  readonly #recordOf: SqlStatement
  readonly #recordsOf: SqlStatement
  readonly #recordsPage: SqlStatement
  readonly #recordsByOperation: SqlStatement
  readonly #rangeAfter: SqlStatement
  readonly #rangeFrom: SqlStatement
  readonly #rangeAfterWithin: SqlStatement
  readonly #rangeFromWithin: SqlStatement

  constructor(database: SqlDatabase) {
    const prepare = (sql: string): SqlStatement => database.prepare(sql)
    this.#find = prepare('SELECT id, summary FROM keys WHERE bucket = ? AND key = ?')
    this.#insert = prepare('INSERT INTO keys (bucket, key, partition, summary, body) VALUES (?, ?, ?, ?, ?)')
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
    this.#deleteVersion = prepare('DELETE FROM versions WHERE key_id = ? AND actor = ? AND counter = ?')
    this.#hasVersion = prepare(
      'SELECT 1 FROM versions WHERE key_id = ? AND actor = ? AND counter = ?',
    ).pluck()
    this.#bodyOfVersion = prepare(
      'SELECT body FROM versions WHERE key_id = ? AND actor = ? AND counter = ?',
    ).pluck()
    this.#recordOf = prepare(
      'SELECT record FROM versions WHERE key_id = ? AND actor = ? AND counter = ?',
    ).pluck()
    this.#recordsOf = prepare('SELECT record FROM versions WHERE key_id = ? ORDER BY id').pluck()
    this.#recordsPage = prepare(
      'SELECT id, record FROM versions WHERE key_id = ? AND id > ? ORDER BY id LIMIT ?',
    )
    this.#recordsByOperation = prepare(
      'SELECT record FROM versions WHERE key_id = ? AND op_id BETWEEN ? AND ? ORDER BY id',
    ).pluck()
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
    return this.#find.get(bucketId, key) as StoredKey | undefined
  }

  insert(
    bucketId: Uint8Array,
    key: Uint8Array,
    partition: number,
    summary: Uint8Array,
    body: Uint8Array | null,
  ): number {
    return Number(this.#insert.run(bucketId, key, partition, summary, body).lastInsertRowid)
  }

  updateSummary(id: number, summary: Uint8Array): void {
    this.#updateSummary.run(summary, id)
  }

  /** A new latest head that has no row yet. */
  updateLatest(id: number, summary: Uint8Array, body: Uint8Array | null): void {
    this.#updateLatest.run(summary, body, id)
  }

  /** The latest head of before, with the body that the key's row still has, gets a row of its own. */
  moveLatest(id: number, version: Omit<StoredVersion, 'body'>): void {
    const { dot, createdAt, opId, record } = version
    this.#moveLatest.run(dot.actor, dot.counter, createdAt, opId, record, id)
  }

  insertVersion(id: number, version: StoredVersion): void {
    const { dot, createdAt, opId, record, body } = version
    this.#insertVersion.run(id, dot.actor, dot.counter, createdAt, opId, record, body)
  }

  /** A version that has a row becomes the latest head. */
  promote(id: number, summary: Uint8Array, dot: Dot): void {
    this.#promote.run(summary, dot.actor, dot.counter, id)
    this.deleteVersion(id, dot)
  }

  deleteVersion(id: number, dot: Dot): void {
    this.#deleteVersion.run(id, dot.actor, dot.counter)
  }

  hasVersion(id: number, dot: Dot): boolean {
    return this.#hasVersion.get(id, dot.actor, dot.counter) !== undefined
  }

  bodyOfLatest(id: number): Uint8Array | null {
    return (this.#bodyOfKey.get(id) ?? null) as Uint8Array | null
  }

  /** Undefined when there is no such row. */
  bodyOfVersion(id: number, dot: Dot): Uint8Array | null | undefined {
    return this.#bodyOfVersion.get(id, dot.actor, dot.counter) as Uint8Array | null | undefined
  }

  recordOf(id: number, dot: Dot): Uint8Array | undefined {
    return this.#recordOf.get(id, dot.actor, dot.counter) as Uint8Array | undefined
  }

  recordsOf(id: number): Uint8Array[] {
    return this.#recordsOf.all(id) as Uint8Array[]
  }

  /** Versions after the row `afterId`, at most `limit`. */
  recordsPage(id: number, afterId: number, limit: number): { id: number; record: Uint8Array }[] {
    return this.#recordsPage.all(id, afterId, limit) as { id: number; record: Uint8Array }[]
  }

  /** Versions whose opId lies between two, both included. */
  recordsByOperation(id: number, first: Uint8Array, last: Uint8Array): Uint8Array[] {
    return this.#recordsByOperation.all(id, first, last) as Uint8Array[]
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
      return statement.all(bucketId, start, limit) as NamedKey[]
    }
    const statement = inclusive ? this.#rangeFromWithin : this.#rangeAfterWithin
    return statement.all(bucketId, start, end, limit) as NamedKey[]
  }
}
