import { inForce, type Rules } from '@torc/protocol/environment/safeguards'
import { TorcError } from '@torc/protocol/errors'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'

/**
 * The collection number of each partition on this agent (DESIGN §10): durable, and never lower again. What was read
 * under a lower number may hold versions that were purged and whose remainders have been collected since, so that no
 * write that follows from it is taken any more.
 */
export class CollectionNumbers {
  readonly #numbers = new Map<number, number>()
  readonly #save: SqlStatement
  readonly #fences: boolean

  constructor(database: SqlDatabase, rules: Rules = {}) {
    this.#fences = inForce(rules, 'collections fence writes')
    this.#save = database.prepare(
      `INSERT INTO collections (partition, number) VALUES (?, ?)
       ON CONFLICT (partition) DO UPDATE SET number = max(number, excluded.number)`,
    )
    const rows = database.prepare('SELECT partition, number FROM collections').all()
    for (const row of rows as { partition: number; number: number }[])
      this.#numbers.set(row.partition, row.number)
  }

  /** 0 where nothing was ever collected. */
  of(partition: number): number {
    // Most agents have never collected anything; this is on the path of every write.
    return this.#numbers.size === 0 ? 0 : (this.#numbers.get(partition) ?? 0)
  }

  /**
   * Inside the transaction of a write, before its first change: STALE_COLLECTION, with the number in its details, where
   * the partition was raised above the number under which the write was read (absent = 0).
   */
  check(partition: number, readUnder = 0): void {
    const collection = this.of(partition)
    if (readUnder >= collection || !this.#fences) return
    throw new TorcError(
      'STALE_COLLECTION',
      `the request was read under collection ${readUnder} of partition ${partition}, which is at ${collection}`,
      { details: { partition, collection } },
    )
  }

  /**
   * Only inside a transaction. The memory's value may stay too high when it is undone, which refuses more than it must;
   * so it never tells that the disk has it: what is done again after that writes again.
   */
  raise(partition: number, number: number): void {
    this.#save.run(partition, number)
    if (number > this.of(partition)) this.#numbers.set(partition, number)
  }
}

/** The number that an agent's refusal tells; undefined for any other error. */
export function newerCollection(thrown: unknown): number | undefined {
  const { code, details } = TorcError.from(thrown)
  const collection = code === 'STALE_COLLECTION' ? details?.['collection'] : undefined
  return typeof collection === 'number' ? collection : undefined
}
