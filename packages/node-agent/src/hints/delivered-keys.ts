import type { Clock } from '@torc/protocol/environment/clock'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { KeyName } from '../index/key-writer.js'

export interface DeliveredKey extends KeyName {
  readonly keyId: number
}

/**
 * Keys whose last hint was delivered, by when their states go. They stay for as long as a read may take: one that asked
 * the owner before the delivery, and asks here after it, would else find an acknowledged write at neither. All methods
 * that change anything run inside a transaction.
 */
export class DeliveredKeys {
  readonly #clock: Clock
  readonly #lingerMs: number
  readonly #add: SqlStatement
  readonly #due: SqlStatement
  readonly #remove: SqlStatement
  readonly #has: SqlStatement

  constructor(database: SqlDatabase, clock: Clock, lingerMs: number) {
    this.#clock = clock
    this.#lingerMs = lingerMs
    this.#add = database.prepare(
      `INSERT INTO delivered_keys (key_id, due_at) VALUES (?, ?)
       ON CONFLICT (key_id) DO UPDATE SET due_at = excluded.due_at`,
    )
    this.#due = database.prepare(
      `SELECT key_id AS keyId, bucket AS bucketId, key, partition
       FROM delivered_keys JOIN keys ON keys.id = key_id WHERE due_at <= ? ORDER BY due_at LIMIT ?`,
    )
    this.#has = database.prepare('SELECT 1 FROM delivered_keys WHERE key_id = ?').pluck()
    this.#remove = database.prepare('DELETE FROM delivered_keys WHERE key_id = ?')
  }

  add(keyId: number): void {
    this.#add.run(keyId, this.#clock.nowMs() + this.#lingerMs)
  }

  /** Those that have stayed for long enough, the longest first. */
  due(limit: number): DeliveredKey[] {
    return this.#due.all(this.#clock.nowMs(), limit) as DeliveredKey[]
  }

  has(keyId: number): boolean {
    return this.#has.get(keyId) !== undefined
  }

  /** It has gone, or stays. */
  remove(keyId: number): void {
    this.#remove.run(keyId)
  }
}
