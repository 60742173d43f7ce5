import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { NamedKey } from '../index/key-rows.js'
import type { KeyName } from '../index/key-writer.js'
import type { HintCounts } from './hint-counts.js'
import type { HintPartitions } from './hint-partitions.js'

/** That `target` lacks something of a key's state that is here. */
export interface KeyHint extends KeyName {
  readonly id: number
  readonly keyId: number
  /** Bytes of the inline bodies that came for it. */
  readonly bytes: number
}

const columns = 'id, key_id AS keyId, bucket AS bucketId, key, partition, bytes'

/** Keys that owners lack something of, by owner. All methods that change anything run inside a transaction. */
export class KeyHints {
  readonly #counts: HintCounts
  readonly #partitions: HintPartitions
  readonly #grow: SqlStatement
  readonly #insert: SqlStatement
  readonly #next: SqlStatement
  readonly #remove: SqlStatement
  readonly #has: SqlStatement
  readonly #rangeAfter: SqlStatement
  readonly #rangeFrom: SqlStatement
  readonly #rangeAfterWithin: SqlStatement
  readonly #rangeFromWithin: SqlStatement

  constructor(database: SqlDatabase, counts: HintCounts, partitions: HintPartitions) {
    this.#counts = counts
    this.#partitions = partitions
    this.#grow = database.prepare('UPDATE hints SET bytes = bytes + ? WHERE key_id = ? AND target = ?')
    this.#insert = database.prepare(
      'INSERT INTO hints (target, key_id, bucket, key, partition, bytes) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#next = database.prepare(
      `SELECT ${columns} FROM hints WHERE target = ? AND id > ? ORDER BY id LIMIT ?`,
    )
    this.#remove = database
      .prepare('DELETE FROM hints WHERE key_id = ? AND target = ? RETURNING bytes')
      .pluck()
    this.#has = database.prepare('SELECT 1 FROM hints WHERE key_id = ? LIMIT 1').pluck()
    const range = (from: string, below: string): SqlStatement =>
      database.prepare(
        `SELECT keys.id AS id, keys.key AS key, summary FROM hints JOIN keys ON keys.id = hints.key_id
         WHERE hints.bucket = ? AND hints.key ${from} ?${below}
         GROUP BY hints.key ORDER BY hints.key LIMIT ?`,
      )
    this.#rangeAfter = range('>', '')
    this.#rangeFrom = range('>=', '')
    this.#rangeAfterWithin = range('>', ' AND hints.key < ?')
    this.#rangeFromWithin = range('>=', ' AND hints.key < ?')
  }

  /** The key's state here has something that each of the targets may lack; `bytes` of bodies came with it. */
  note(name: KeyName, keyId: number, targets: readonly string[], bytes: number): void {
    const { bucketId, key, partition } = name
    for (const target of targets) {
      if (this.#grow.run(bytes, keyId, target).changes > 0) {
        this.#counts.add({ target, keys: 0, blocks: 0, bytes })
        continue
      }
      this.#insert.run(target, keyId, bucketId, key, partition, bytes)
      this.#counts.add({ target, keys: 1, blocks: 0, bytes })
      this.#partitions.add(partition, 1)
    }
  }

  /** Hints for `target` whose ids are greater than `after`, in order. */
  next(target: string, after: number, limit: number): KeyHint[] {
    return this.#next.all(target, after, limit) as KeyHint[]
  }

  /** The target lacks nothing of the key any more, or others take its place. */
  remove(target: string, { keyId, partition }: Pick<KeyHint, 'keyId' | 'partition'>): void {
    const bytes = this.#remove.get(keyId, target) as number | undefined
    if (bytes === undefined) return
    this.#counts.add({ target, keys: -1, blocks: 0, bytes: -bytes })
    this.#partitions.add(partition, -1)
  }

  /** Whether any owner lacks something of the key. */
  has(keyId: number): boolean {
    return this.#has.get(keyId) !== undefined
  }

  /** As `KeyRows.range`, of the keys that have hints. */
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
