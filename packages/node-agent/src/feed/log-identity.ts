import type { Random } from '@torc/protocol/environment/random'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { GroupCommit } from '../index/group-commit.js'

const idBytes = 16

/**
 * Which log it is that the positions of changes are of: a random id, made when it is first asked for. It is made anew
 * once the disk proved to be an old copy, on which positions were used that mean something else elsewhere.
 */
export class LogIdentity {
  readonly #random: Random
  readonly #insert: SqlStatement
  readonly #delete: SqlStatement
  /** As the last transaction left it, and as the one under way will. */
  #durable: Uint8Array | undefined
  #current: Uint8Array | undefined

  constructor(database: SqlDatabase, random: Random) {
    this.#random = random
    this.#insert = database.prepare('INSERT INTO change_log (id) VALUES (?)')
    this.#delete = database.prepare('DELETE FROM change_log')
    this.#durable = database.prepare('SELECT id FROM change_log').pluck().get() as Uint8Array | undefined
    this.#current = this.#durable
  }

  /** The id; it is on the disk before anybody is told. */
  async get(commit: GroupCommit): Promise<Uint8Array> {
    return this.#durable ?? (await commit.submit(() => this.#make()))
  }

  /** From now on it is another log. Inside a transaction. */
  renew(): void {
    this.#delete.run()
    this.#current = undefined
  }

  committed(): void {
    this.#durable = this.#current
  }

  /** What the transaction that was undone made of it is not so. Nothing is read: it may have been the disk's end. */
  rolledBack(): void {
    this.#current = this.#durable
  }

  #make(): Uint8Array {
    if (this.#current === undefined) {
      this.#current = this.#random.bytes(idBytes)
      this.#insert.run(this.#current)
    }
    return this.#current
  }
}
