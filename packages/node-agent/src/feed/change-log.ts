import type { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import type { Version } from '@torc/cluster/state/version'
import { versionIdOf } from '@torc/cluster/state/version'
import type { Random } from '@torc/protocol/environment/random'
import { limits } from '@torc/protocol/limits'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { TransactionListener } from '../index/group-commit.js'
import { prefixEnd } from '../index/prefix-end.js'
import { LogIdentity } from './log-identity.js'

export interface LoggedChange {
  readonly position: number
  readonly key: string
  readonly versionId: string
  readonly kind: 'object' | 'marker'
  readonly type: 'put' | 'marker' | 'remove'
  readonly createdAt: number
  /** Hybrid time; never falls from one position to the next. */
  readonly loggedAt: number
}

export interface ChangeQuery {
  readonly bucketId: Uint8Array
  readonly prefix: string
  readonly after: number
  readonly limit: number
}

export interface ChangePage {
  readonly changes: readonly LoggedChange[]
  /** Up to where was looked: there is no other change of bucket and prefix up to there. */
  readonly position: number
}

/** Changes that are kept unless told otherwise: some 100 MB at most. */
export const changesMaxDefault = 1_000_000
/** Most rows that one transaction trims, so that a lowered bound does not hold up a write. */
const trimmedAtOnce = 1024
/** Rows that one page looks at, so that a quiet bucket beside a busy one costs no more. */
const lookedAtMax = 10_000

/** How a row says what came or went: kind and type in one number. */
const written = { object: 0, marker: 1 } as const
const removed = { object: 2, marker: 3 } as const
const types = ['put', 'marker', 'remove', 'remove'] as const
const kinds = ['object', 'marker', 'object', 'marker'] as const

/** Parts of a `ChangeLog`. */
export interface ChangeLogParts {
  readonly database: SqlDatabase
  readonly clock: Pick<HybridClock, 'latest'>
  readonly random: Random
  /** Rows that are kept, at least 1. */
  readonly rowsMax?: number | undefined
}

/**
 * The versions that came and went on this agent, numbered in the transaction that changed them: what is committed is in
 * the log, and what is undone is not. Positions begin at 1, have no gaps and are never used twice: the newest row is
 * never trimmed, so that the next position is always known from the rows.
 */
export class ChangeLog implements TransactionListener {
  readonly identity: LogIdentity
  readonly #clock: Pick<HybridClock, 'latest'>
  readonly #rowsMax: number
  readonly #insert: SqlStatement
  readonly #trim: SqlStatement
  readonly #read: SqlStatement
  readonly #timeAt: SqlStatement
  readonly #buckets: SqlStatement
  #watchers = new Set<() => void>()
  /** As the last transaction left it, and as the one under way will. */
  #durable: Bounds
  #current: Bounds

  constructor({ database, clock, random, rowsMax = changesMaxDefault }: ChangeLogParts) {
    this.identity = new LogIdentity(database, random)
    this.#clock = clock
    this.#rowsMax = Math.max(1, rowsMax)
    this.#insert = database.prepare(
      'INSERT INTO changes (position, bucket, key, op_id, what, created_at, logged_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    this.#trim = database.prepare('DELETE FROM changes WHERE position < ?')
    this.#read = database.prepare(
      `SELECT position, key, op_id AS opId, what, created_at AS createdAt, logged_at AS loggedAt FROM changes
        WHERE position > ? AND position <= ? AND bucket = ? AND key >= ? AND (? IS NULL OR key < ?)
        ORDER BY position LIMIT ?`,
    )
    this.#timeAt = database.prepare('SELECT logged_at FROM changes WHERE position = ?').pluck()
    this.#buckets = database.prepare('SELECT DISTINCT bucket FROM changes WHERE position > ?').pluck()
    const row = database
      .prepare('SELECT min(position) AS first, max(position) AS last FROM changes')
      .get() as { first: number | null; last: number | null }
    const last = row.last ?? 0
    const loggedAt = last === 0 ? 0 : this.#loggedAt(last)
    this.#durable = { first: row.first ?? 1, last, loggedAt }
    this.#current = { ...this.#durable }
  }

  /** Position of the oldest change that is kept; `last + 1` where there is none. */
  get first(): number {
    return this.#durable.first
  }

  /** Position of the newest change; 0 before the first. */
  get last(): number {
    return this.#durable.last
  }

  /** Notes what a write changed of a key. Inside its transaction. */
  append(bucketId: Uint8Array, key: Uint8Array, came: readonly Version[], went: readonly Version[]): void {
    const current = this.#current
    current.loggedAt = Math.max(current.loggedAt, this.#clock.latest)
    for (const version of came) this.#add(bucketId, key, version, written[version.kind])
    for (const version of went) this.#add(bucketId, key, version, removed[version.kind])
  }

  #add(bucketId: Uint8Array, key: Uint8Array, { opId, createdAt }: Version, what: number): void {
    const current = this.#current
    current.last++
    this.#insert.run(current.last, bucketId, key, opId, what, createdAt, current.loggedAt)
  }

  /** A page of a bucket's changes behind a position that the log reaches back to. */
  read({ bucketId, prefix, after, limit }: ChangeQuery): ChangePage {
    const upTo = Math.min(this.last, after + lookedAtMax)
    const start = Buffer.from(prefix)
    const end = prefixEnd(start) ?? null
    const rows = this.#read.all(after, upTo, bucketId, start, end, end, limit) as StoredChange[]
    const position = rows.length < limit ? upTo : (rows.at(-1)?.position ?? upTo)
    return { changes: rows.map(loggedChange), position }
  }

  /** The position behind which all changes lie that were noted at `time` or later, as far as they are kept. */
  positionBefore(time: number): number {
    let [low, high] = [this.first, this.last + 1]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (this.#loggedAt(middle) < time) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  /** Ids of the buckets that changed behind a position; undefined where that is long ago, or too many. */
  bucketsAfter(after: number): Uint8Array[] | undefined {
    if (after + 1 < this.first || this.last - after > lookedAtMax) return undefined
    const buckets = this.#buckets.all(after) as Uint8Array[]
    return buckets.length > limits.tailBucketsMax ? undefined : buckets
  }

  /** Calls `callback` whenever the log has grown, durably; the returned function ends that. */
  watch(callback: () => void): () => void {
    this.#watchers.add(callback)
    return () => void this.#watchers.delete(callback)
  }

  beforeCommit(): void {
    const current = this.#current
    if (current.last === this.#durable.last) return
    const held = current.last - current.first + 1
    if (held <= this.#rowsMax) return
    // Not row by row: a sixteenth more than must go, as one delete of many costs less than many of one.
    const spare = Math.min(trimmedAtOnce, Math.floor(this.#rowsMax / 16))
    const grown = current.last - this.#durable.last
    const excess = Math.min(held - this.#rowsMax + spare, trimmedAtOnce + grown)
    current.first += excess
    this.#trim.run(current.first)
  }

  committed(): void {
    const hasGrown = this.#current.last !== this.#durable.last
    this.#durable = { ...this.#current }
    this.identity.committed()
    if (hasGrown) for (const callback of [...this.#watchers]) callback()
  }

  rolledBack(): void {
    this.#current = { ...this.#durable }
    this.identity.rolledBack()
  }

  #loggedAt(position: number): number {
    return Number(this.#timeAt.get(position))
  }
}

interface Bounds {
  first: number
  last: number
  loggedAt: number
}

interface StoredChange {
  readonly position: number
  readonly key: Uint8Array
  readonly opId: Uint8Array
  readonly what: 0 | 1 | 2 | 3
  readonly createdAt: number
  readonly loggedAt: number
}

function loggedChange({ position, key, opId, what, createdAt, loggedAt }: StoredChange): LoggedChange {
  const text = Buffer.from(key.buffer, key.byteOffset, key.length).toString()
  const versionId = versionIdOf(opId)
  return { position, key: text, versionId, kind: kinds[what], type: types[what], createdAt, loggedAt }
}
