import type { BlockReference, Version } from '@torc/cluster/state/version'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { Operation } from './operation.js'

export interface Release extends Operation {
  readonly id: number
}

/** Agents that may hold leases on these blocks. */
export type BlockHolders = (blocks: readonly BlockReference[]) => readonly string[]

/**
 * What the owners of blocks have to hear of versions that were removed here, one row for each of them. Queued in the
 * transaction that removes the version: work that is queued outside of it is lost in a crash (Garage).
 */
export class ReleaseQueue {
  readonly #holdersOf: BlockHolders
  readonly #insert: SqlStatement
  readonly #agents: SqlStatement
  readonly #next: SqlStatement
  readonly #remove: SqlStatement
  readonly #count: SqlStatement
  readonly #copy: SqlStatement
  readonly #clear: SqlStatement
  #onAdded: () => void = () => undefined

  constructor(database: SqlDatabase, holdersOf: BlockHolders) {
    this.#holdersOf = holdersOf
    this.#insert = database.prepare('INSERT INTO releases (agent, op_id, bucket, key) VALUES (?, ?, ?, ?)')
    this.#agents = database.prepare('SELECT DISTINCT agent FROM releases').pluck()
    this.#next = database.prepare(
      `SELECT id, op_id AS opId, bucket AS bucketId, key FROM releases
       WHERE agent = ? ORDER BY id LIMIT ?`,
    )
    this.#remove = database.prepare('DELETE FROM releases WHERE id = ?')
    this.#count = database.prepare('SELECT count(*) FROM releases').pluck()
    this.#copy = database.prepare(
      'INSERT INTO releases (agent, op_id, bucket, key) SELECT ?, op_id, bucket, key FROM releases WHERE agent = ?',
    )
    this.#clear = database.prepare('DELETE FROM releases WHERE agent = ?')
  }

  /** Told inside the transaction that something is queued. */
  watch(onAdded: () => void): void {
    this.#onAdded = onAdded
  }

  /** Inside the transaction that removes them. */
  add({ bucketId, key }: Omit<Operation, 'opId'>, removed: readonly Version[]): void {
    for (const { opId, blocks } of removed) {
      if (blocks === undefined) continue
      for (const agent of this.#holdersOf(blocks)) this.#insert.run(agent, opId, bucketId, key)
      this.#onAdded()
    }
  }

  /** The agents that have something to hear. */
  agents(): string[] {
    return this.#agents.all() as string[]
  }

  next(agent: string, limit: number): Release[] {
    return this.#next.all(agent, limit) as Release[]
  }

  /** Inside a transaction: the agent has them on its disk. */
  done(releases: readonly Release[]): void {
    for (const { id } of releases) this.#remove.run(id)
  }

  /** Inside a transaction: what an agent that is gone had to hear, all of the others do, as any may have its blocks. */
  readdress(gone: string, others: readonly string[]): void {
    for (const agent of others) this.#copy.run(agent, gone)
    this.#clear.run(gone)
  }

  count(): number {
    return Number(this.#count.get())
  }
}
