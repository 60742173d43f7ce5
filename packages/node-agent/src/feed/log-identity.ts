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
  readonly #select: SqlStatement
  readonly #delete: SqlStatement
  #id: Uint8Array | undefined

  constructor(database: SqlDatabase, random: Random) {
    this.#random = random
    this.#insert = database.prepare('INSERT INTO change_log (id) VALUES (?)')
    this.#select = database.prepare('SELECT id FROM change_log').pluck()
    this.#delete = database.prepare('DELETE FROM change_log')
    this.#id = this.#stored()
  }

  /** The id; it is on the disk before anybody is told. */
  async get(commit: GroupCommit): Promise<Uint8Array> {
    return this.#id ?? (await commit.submit(() => this.#make()))
  }

  /** From now on it is another log. Inside a transaction. */
  renew(): void {
    this.#delete.run()
    this.#id = undefined
  }

  /** What the transaction that was undone made of it is not so. */
  rolledBack(): void {
    this.#id = this.#stored()
  }

  #make(): Uint8Array {
    const stored = this.#stored()
    const id = stored ?? this.#random.bytes(idBytes)
    if (stored === undefined) this.#insert.run(id)
    this.#id = id
    return id
  }

  #stored(): Uint8Array | undefined {
    return this.#select.get() as Uint8Array | undefined
  }
}
