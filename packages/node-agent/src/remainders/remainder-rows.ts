import type { Clock } from '@torc/protocol/environment/clock'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { KeyName } from '../index/key-writer.js'

type Name = Pick<KeyName, 'bucketId' | 'key'>

/** A key of which no version is here. */
export interface RemainderRow extends KeyName {
  /** Since when nothing of it has changed, in milliseconds. */
  readonly sinceMs: number
}

/** Part of the age to which the time of a look is rounded up, so that keys of a partition come due together. */
const stepsPerAge = 8

/**
 * Keys of which this agent has something and no version: a state whose versions are all gone, or a ballot row alone.
 * Such a row may outlive its reason (the key has versions again); whoever takes it up looks at the key. All methods that
 * change anything run inside a transaction.
 */
export class RemainderRows {
  /** How long a remainder must have been unchanged before it may be collected, in milliseconds. */
  readonly ageMs: number
  readonly #clock: Clock
  readonly #note: SqlStatement
  readonly #forget: SqlStatement
  readonly #isHidden: SqlStatement
  readonly #hide: SqlStatement
  readonly #postpone: SqlStatement
  readonly #firstDue: SqlStatement
  readonly #due: SqlStatement
  readonly #count: SqlStatement

  constructor(database: SqlDatabase, clock: Clock, ageMs: number) {
    this.ageMs = ageMs
    this.#clock = clock
    this.#note = database.prepare(
      `INSERT INTO remainders (bucket, key, partition, since, due_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (bucket, key) DO UPDATE SET since = excluded.since, due_at = excluded.due_at, hidden = 0`,
    )
    this.#forget = database.prepare('DELETE FROM remainders WHERE bucket = ? AND key = ?')
    this.#isHidden = database.prepare('SELECT hidden FROM remainders WHERE bucket = ? AND key = ?').pluck()
    this.#hide = database.prepare('UPDATE remainders SET hidden = ? WHERE bucket = ? AND key = ?')
    this.#postpone = database.prepare('UPDATE remainders SET due_at = ? WHERE bucket = ? AND key = ?')
    this.#firstDue = database
      .prepare('SELECT partition FROM remainders WHERE due_at <= ? ORDER BY due_at, partition LIMIT 1')
      .pluck()
    this.#due = database.prepare(
      `SELECT bucket AS bucketId, key, partition, since AS sinceMs FROM remainders
       WHERE due_at <= ? AND partition = ? ORDER BY due_at LIMIT ?`,
    )
    this.#count = database.prepare('SELECT count(*) FROM remainders').pluck()
    // In an index of before nobody knows since when.
    database
      .prepare('UPDATE remainders SET since = ?, due_at = ? WHERE since = 0')
      .run(clock.nowMs(), this.#dueMs())
  }

  /** Nothing is left of the key but this, from now on. It is in the hash trees. */
  note({ bucketId, key, partition }: KeyName): void {
    this.#note.run(bucketId, key, partition, this.#clock.nowMs(), this.#dueMs())
  }

  /** The key has versions again, or nothing of it is here. */
  forget({ bucketId, key }: Name): void {
    this.#forget.run(bucketId, key)
  }

  /** Whether the key's state is left out of the hash trees, as it is being collected. */
  isHidden({ bucketId, key }: Name): boolean {
    return this.#isHidden.get(bucketId, key) === 1
  }

  hide({ bucketId, key }: Name, hidden: boolean): void {
    this.#hide.run(hidden ? 1 : 0, bucketId, key)
  }

  /** Not looked at before then. */
  postpone({ bucketId, key }: Name, dueMs: number): void {
    this.#postpone.run(dueMs, bucketId, key)
  }

  /** The partition of what has been due for the longest time; undefined where nothing is. */
  firstDue(): number | undefined {
    return this.#firstDue.get(this.#clock.nowMs()) as number | undefined
  }

  /** What is due of a partition, the longest first. */
  due(partition: number, limit: number): RemainderRow[] {
    return this.#due.all(this.#clock.nowMs(), partition, limit) as RemainderRow[]
  }

  count(): number {
    return this.#count.get() as number
  }

  #dueMs(): number {
    const stepMs = Math.max(1, this.ageMs / stepsPerAge)
    return Math.ceil((this.#clock.nowMs() + this.ageMs) / stepMs) * stepMs
  }
}
