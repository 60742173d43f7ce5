import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { Counts } from '../index/counts.js'

/** Who needs a block: the write (opId) of a bucket. */
export interface BlockOwner {
  readonly opId: Uint8Array
  readonly bucketId: Uint8Array
}

/** What is wrong with a block's file; the numbers are stored. */
export const blockDamage = { none: 0, missing: 1, corrupt: 2 } as const
export type BlockDamage = (typeof blockDamage)[keyof typeof blockDamage]

export interface BlockRow {
  readonly id: number
  readonly hash: Uint8Array
  readonly size: number
  /** What was found when its file was last looked at; a write that brings the block again clears it. */
  readonly damage: BlockDamage
}

/** Blocks whose files are known to be damaged. */
export interface DamageCounts {
  readonly missing: number
  readonly corrupt: number
}

/**
 * Rows of blocks and of references to them. References are rows, never counters (Garage #39). What is found wrong
 * with a block's file stands in its row.
 */
export class BlockIndex {
  readonly #counts: Counts
  readonly #find: SqlStatement
  readonly #insert: SqlStatement
  readonly #refer: SqlStatement
  readonly #references: SqlStatement
  readonly #walk: SqlStatement
  readonly #last: SqlStatement
  readonly #damaged: SqlStatement
  readonly #damageCounts: SqlStatement
  readonly #setDamage: SqlStatement

  constructor(database: SqlDatabase, counts: Counts) {
    this.#counts = counts
    this.#find = database.prepare('SELECT id, hash, size, damage FROM blocks WHERE hash = ?')
    this.#insert = database.prepare('INSERT INTO blocks (hash, size) VALUES (?, ?)')
    this.#refer = database.prepare(
      'INSERT INTO block_references (block_id, op_id, bucket) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    )
    this.#references = database.prepare(
      `SELECT op_id AS opId, bucket AS bucketId FROM block_references
       WHERE block_id = (SELECT id FROM blocks WHERE hash = ?) ORDER BY op_id, bucket`,
    )
    this.#walk = database.prepare(
      'SELECT id, hash, size, damage FROM blocks WHERE id > ? AND id <= ? ORDER BY id LIMIT ?',
    )
    this.#last = database.prepare('SELECT coalesce(max(id), 0) FROM blocks').pluck()
    this.#damaged = database.prepare(
      `SELECT id, hash, size, damage FROM blocks
       WHERE damage != 0 AND damage = ? AND id > ? ORDER BY id LIMIT 1`,
    )
    this.#damageCounts = database.prepare(
      'SELECT damage, count(*) AS blocks FROM blocks WHERE damage != 0 GROUP BY damage',
    )
    this.#setDamage = database.prepare('UPDATE blocks SET damage = ? WHERE hash = ?')
  }

  find(hash: Uint8Array): BlockRow | undefined {
    return this.#find.get(hash) as BlockRow | undefined
  }

  /** Size of a block that is known here, or undefined. */
  sizeOf(hash: Uint8Array): number | undefined {
    return this.find(hash)?.size
  }

  /** Inside a transaction, once the file is durable: the block is here, and `owner` needs it. */
  add(hash: Uint8Array, size: number, owner: BlockOwner): void {
    const found = this.find(hash)
    const id = found === undefined ? this.#insert.run(hash, size).lastInsertRowid : found.id
    if (found === undefined) this.#counts.add(0, 0, 1, size)
    else if (found.damage !== blockDamage.none) this.setDamage(hash, blockDamage.none)
    this.#refer.run(id, owner.opId, owner.bucketId)
  }

  /** Inside a transaction: `owner` needs a block that is here. False when it is not, or is damaged. */
  refer(hash: Uint8Array, owner: BlockOwner): boolean {
    const found = this.find(hash)
    if (found === undefined || found.damage !== blockDamage.none) return false
    this.#refer.run(found.id, owner.opId, owner.bucketId)
    return true
  }

  referencesOf(hash: Uint8Array): BlockOwner[] {
    return this.#references.all(hash) as BlockOwner[]
  }

  /** Inside a transaction: what the block's file was found to be. */
  setDamage(hash: Uint8Array, damage: BlockDamage): void {
    this.#setDamage.run(damage, hash)
  }

  damageCounts(): DamageCounts {
    const counts = { missing: 0, corrupt: 0 }
    for (const row of this.#damageCounts.all() as { damage: BlockDamage; blocks: number }[]) {
      if (row.damage === blockDamage.missing) counts.missing = row.blocks
      else counts.corrupt = row.blocks
    }
    return counts
  }

  /** The damaged block that follows `row`, or the first one; the corrupt ones come after the missing ones. */
  damagedAfter(row?: BlockRow): BlockRow | undefined {
    // One kind after the other: SQLite does not search its index for what follows a pair.
    for (const damage of [blockDamage.missing, blockDamage.corrupt]) {
      if (row !== undefined && row.damage > damage) continue
      const found = this.#damaged.get(damage, row?.damage === damage ? row.id : 0)
      if (found !== undefined) return found as BlockRow
    }
    return undefined
  }

  /** Blocks in order of their ids, those after `after` up to `last`, `limit` of them. */
  walk(after: number, last: number, limit: number): BlockRow[] {
    return this.#walk.all(after, last, limit) as BlockRow[]
  }

  /** The greatest id of a block, 0 without any. New blocks get greater ones than those that are there. */
  lastId(): number {
    return Number(this.#last.get())
  }
}
