import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { Counts } from '../index/counts.js'

/** Who needs a block: the write (opId) of a bucket. */
export interface BlockOwner {
  readonly opId: Uint8Array
  readonly bucketId: Uint8Array
}

/** Rows of blocks and of references to them. References are rows, never counters (Garage #39). */
export class BlockIndex {
  readonly #counts: Counts
  readonly #find: SqlStatement
  readonly #insert: SqlStatement
  readonly #refer: SqlStatement
  readonly #references: SqlStatement

  constructor(database: SqlDatabase, counts: Counts) {
    this.#counts = counts
    this.#find = database.prepare('SELECT id, size FROM blocks WHERE hash = ?')
    this.#insert = database.prepare('INSERT INTO blocks (hash, size) VALUES (?, ?)')
    this.#refer = database.prepare(
      'INSERT INTO block_references (block_id, op_id, bucket) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    )
    this.#references = database.prepare(
      `SELECT op_id AS opId, bucket AS bucketId FROM block_references
       WHERE block_id = (SELECT id FROM blocks WHERE hash = ?) ORDER BY op_id, bucket`,
    )
  }

  /** Size of a block that is known here, or undefined. */
  sizeOf(hash: Uint8Array): number | undefined {
    return this.#row(hash)?.size
  }

  /** Inside a transaction, once the file is durable: the block is here, and `owner` needs it. */
  add(hash: Uint8Array, size: number, owner: BlockOwner): void {
    const found = this.#row(hash)
    const id = found === undefined ? this.#insert.run(hash, size).lastInsertRowid : found.id
    if (found === undefined) this.#counts.add(0, 0, 1, size)
    this.#refer.run(id, owner.opId, owner.bucketId)
  }

  /** Inside a transaction: `owner` needs a block that is here. False when it is not. */
  refer(hash: Uint8Array, owner: BlockOwner): boolean {
    const found = this.#row(hash)
    if (found === undefined) return false
    this.#refer.run(found.id, owner.opId, owner.bucketId)
    return true
  }

  referencesOf(hash: Uint8Array): BlockOwner[] {
    return this.#references.all(hash) as BlockOwner[]
  }

  #row(hash: Uint8Array): { id: number; size: number } | undefined {
    return this.#find.get(hash) as { id: number; size: number } | undefined
  }
}
