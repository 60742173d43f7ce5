import type { Clock } from '@torc/protocol/environment/clock'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { Operation } from './operation.js'

/**
 * Operations that are about to refer to blocks and will be minted here. An intent is durable before the first
 * reference is made and goes in the transaction of the mint, so that an audit finds the one or the other at every
 * moment. Without one no version with blocks is minted: that makes it safe to let old ones expire, by whatever clock.
 */
export class Intents {
  readonly #clock: Clock
  /** How long an intent is kept that is not renewed. */
  readonly expiresMs: number
  readonly #has: SqlStatement
  readonly #insert: SqlStatement
  readonly #renew: SqlStatement
  readonly #remove: SqlStatement
  readonly #expire: SqlStatement
  readonly #oldest: SqlStatement

  constructor(database: SqlDatabase, clock: Clock, expiresMs: number) {
    this.#clock = clock
    this.expiresMs = expiresMs
    const ofOperation = 'WHERE op_id = ? AND bucket = ? AND key = ?'
    this.#has = database.prepare(`SELECT 1 FROM intents ${ofOperation}`).pluck()
    this.#insert = database.prepare(
      'INSERT INTO intents (op_id, bucket, key, renewed_at) VALUES (?, ?, ?, ?)',
    )
    this.#renew = database.prepare(`UPDATE intents SET renewed_at = ? ${ofOperation}`)
    this.#remove = database.prepare(`DELETE FROM intents ${ofOperation}`)
    this.#expire = database.prepare(
      'DELETE FROM intents WHERE id IN (SELECT id FROM intents WHERE renewed_at <= ? ORDER BY renewed_at LIMIT ?)',
    )
    this.#oldest = database.prepare('SELECT min(renewed_at) FROM intents').pluck()
  }

  /** Inside a transaction. Returns whether there was none. */
  place({ opId, bucketId, key }: Operation): boolean {
    const now = this.#clock.nowMs()
    if (this.#renew.run(now, opId, bucketId, key).changes > 0) return false
    this.#insert.run(opId, bucketId, key, now)
    return true
  }

  has({ opId, bucketId, key }: Operation): boolean {
    return this.#has.get(opId, bucketId, key) !== undefined
  }

  /** Inside the transaction that stores the operation's version. */
  remove({ opId, bucketId, key }: Operation): void {
    this.#remove.run(opId, bucketId, key)
  }

  /** Whether there is any that nobody renewed in time. */
  anyExpired(): boolean {
    const oldest = this.#oldest.get() as number | null
    return oldest !== null && oldest <= this.#expiredMs()
  }

  /** Inside a transaction: lets up to `limit` of these go, and returns how many. */
  expire(limit: number): number {
    return Number(this.#expire.run(this.#expiredMs(), limit).changes)
  }

  #expiredMs(): number {
    return this.#clock.nowMs() - this.expiresMs
  }
}
