import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { TransactionListener } from './group-commit.js'

export interface CountValues {
  /** Keys with at least one version. */
  keys: number
  versions: number
  /** Bytes of the bodies of all versions, in blocks or not. */
  bodyBytes: number
  /** Bytes of those bodies that are not in blocks. */
  inlineBytes: number
  blocks: number
  /** Bytes of the blocks, and of the files that they are stored in. */
  blockBytes: number
  storedBytes: number
}

const columns: Readonly<Record<keyof CountValues, string>> = {
  keys: 'keys',
  versions: 'versions',
  bodyBytes: 'body_bytes',
  inlineBytes: 'inline_bytes',
  blocks: 'blocks',
  blockBytes: 'block_bytes',
  storedBytes: 'stored_bytes',
}
const names = Object.keys(columns) as (keyof CountValues)[]

/** How much the index holds: kept in memory, saved in the transaction that changes it. */
export class Counts implements TransactionListener {
  readonly #save: SqlStatement
  #durable: CountValues
  #current: CountValues
  #changed = false

  constructor(database: SqlDatabase) {
    this.#save = database.prepare(`UPDATE counts SET ${names.map(name => `${columns[name]} = ?`).join(', ')}`)
    const row = database
      .prepare(`SELECT ${names.map(name => `${columns[name]} AS ${name}`).join(', ')} FROM counts`)
      .get()
    this.#durable = row as CountValues
    this.#current = { ...this.#durable }
  }

  get values(): Readonly<CountValues> {
    return this.#current
  }

  /** Only inside a transaction of the group commit. */
  add(changes: Readonly<Partial<CountValues>>): void {
    for (const name of names) this.#current[name] += changes[name] ?? 0
    this.#changed = true
  }

  beforeCommit(): void {
    if (!this.#changed) return
    this.#save.run(...names.map(name => this.#current[name]))
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
