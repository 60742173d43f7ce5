import { digestBytes } from '@torc/cluster/state/digest'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'

/** A leaf by its number in the table. */
export interface NumberedLeaf {
  readonly id: number
  readonly digest: Uint8Array
}

/** A leaf's number, then its digest. */
const entryBytes = 4 + digestBytes
/** Entries after which the leaves themselves are written. */
const entriesMax = 4096

/**
 * Leaves that changed, one row for each transaction, since the leaves themselves were written last. Writes hit leaves at
 * random: to write each leaf with each of them wrote 1.7 to 2.7 times as much to SQLite's log, this 1.03 to 1.08 times
 * (decision 26).
 */
export class LeafLog {
  readonly #append: SqlStatement
  readonly #read: SqlStatement
  readonly #clear: SqlStatement
  /** Leaves in the log, and entries, some leaves having several. */
  #leaves = new Set<number>()
  #entries = 0
  /** What the transaction that is under way makes of them. */
  #appended: readonly NumberedLeaf[] = []
  #isCleared = false

  constructor(database: SqlDatabase) {
    this.#append = database.prepare('INSERT INTO tree_changes (leaves) VALUES (?)')
    this.#read = database.prepare('SELECT leaves FROM tree_changes ORDER BY id').pluck()
    this.#clear = database.prepare('DELETE FROM tree_changes')
  }

  /** All entries, the last one of a leaf being what it is. */
  *read(): Generator<NumberedLeaf, void, undefined> {
    for (const row of this.#read.iterate() as Iterable<Buffer>) {
      for (let at = 0; at + entryBytes <= row.length; at += entryBytes) {
        const id = row.readUInt32BE(at)
        this.#leaves.add(id)
        this.#entries++
        yield { id, digest: row.subarray(at + 4, at + entryBytes) }
      }
    }
  }

  /** Inside a transaction, once in each. */
  append(changed: readonly NumberedLeaf[]): void {
    if (changed.length === 0) return
    const row = Buffer.allocUnsafe(changed.length * entryBytes)
    for (const [i, { id, digest }] of changed.entries()) {
      row.writeUInt32BE(id, i * entryBytes)
      row.set(digest, i * entryBytes + 4)
    }
    this.#append.run(row)
    this.#appended = changed
  }

  /** With so many entries the leaves are to be written, and the log begins anew. */
  get isLong(): boolean {
    return this.#entries >= entriesMax
  }

  /** Inside a transaction: the log begins anew. Returns the leaves that were in it, in order. */
  clear(): number[] {
    const leaves = [...this.#leaves].sort((a, b) => a - b)
    this.#clear.run()
    this.#isCleared = true
    return leaves
  }

  committed(): void {
    if (this.#isCleared) {
      this.#leaves = new Set()
      this.#entries = 0
    }
    for (const { id } of this.#appended) this.#leaves.add(id)
    this.#entries += this.#appended.length
    this.rolledBack()
  }

  rolledBack(): void {
    this.#appended = []
    this.#isCleared = false
  }
}
