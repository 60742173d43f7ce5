import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { TransactionListener } from './group-commit.js'

export interface CountValues {
  /** Keys with at least one version. */
  keys: number
  versions: number
  blocks: number
  blockBytes: number
}

/** How much the index holds: kept in memory, saved in the transaction that changes it. */
export class Counts implements TransactionListener {
  readonly #save: SqlStatement
  #durable: CountValues
  #current: CountValues
  #changed = false

  constructor(database: SqlDatabase) {
    this.#save = database.prepare('UPDATE counts SET keys = ?, versions = ?, blocks = ?, block_bytes = ?')
    const row = database.prepare('SELECT keys, versions, blocks, block_bytes AS blockBytes FROM counts').get()
    this.#durable = row as CountValues
    this.#current = { ...this.#durable }
  }

  get values(): Readonly<CountValues> {
    return this.#current
  }

  /** Only inside a transaction of the group commit. */
  add(keys: number, versions: number, blocks = 0, blockBytes = 0): void {
    const current = this.#current
    current.keys += keys
    current.versions += versions
    current.blocks += blocks
    current.blockBytes += blockBytes
    this.#changed = true
  }

  beforeCommit(): void {
    if (!this.#changed) return
    const { keys, versions, blocks, blockBytes } = this.#current
    this.#save.run(keys, versions, blocks, blockBytes)
  }

  committed(): void {
    if (!this.#changed) return
    this.#durable = { ...this.#current }
    this.#changed = false
  }

  rolledBack(): void {
    this.#current = { ...this.#durable }
    this.#changed = false
  }
}
