import { inForce, type Rules } from '@torc/protocol/environment/safeguards'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { Counts } from '../index/counts.js'
import type { LeaseIndex } from '../leases/lease-index.js'
import type { Operation } from '../leases/operation.js'
import { type BlockEncoding, blockEncoding } from './block-encoding.js'

/** What is wrong with a block's file; the numbers are stored. */
export const blockDamage = { none: 0, missing: 1, corrupt: 2 } as const
export type BlockDamage = (typeof blockDamage)[keyof typeof blockDamage]

export interface BlockRow {
  readonly id: number
  readonly hash: Uint8Array
  readonly size: number
  /** What was found when its file was last looked at; a write that brings the block again clears it. */
  readonly damage: BlockDamage
  /** What its file holds. It stays so for as long as there is a row: a file may be replaced before its row is. */
  readonly encoding: BlockEncoding
  /** Bytes of its file. */
  readonly storedSize: number
}

/** A file that was written. */
export type WrittenFile = Pick<BlockRow, 'encoding' | 'storedSize'>

const columns = 'id, hash, size, damage, encoding, coalesce(stored_size, size) AS storedSize'

/** Blocks whose files are known to be damaged. */
export interface DamageCounts {
  readonly missing: number
  readonly corrupt: number
}

/** How a block that has a row is. Damage counts before everything: who reads the block must go elsewhere. */
export type HeldState = 'stored' | 'releasing' | 'missing' | 'corrupt'

/** Each block that has a row counts once. */
export type StateCounts = Readonly<Record<HeldState, number>>

/**
 * Rows of blocks; who needs them is in the leases. What is found wrong with a block's file stands in its row, and so
 * does since when nobody needs it.
 */
export class BlockIndex {
  readonly #counts: Counts
  readonly #find: SqlStatement
  readonly #insert: SqlStatement
  readonly #leases: LeaseIndex
  readonly #unreferenced: SqlStatement
  readonly #referencedAgain: SqlStatement
  readonly #remove: SqlStatement
  readonly #releasing: SqlStatement
  readonly #walk: SqlStatement
  readonly #last: SqlStatement
  readonly #damaged: SqlStatement
  readonly #damageCounts: SqlStatement
  readonly #damagedReleasing: SqlStatement
  readonly #state: SqlStatement
  readonly #setDamage: SqlStatement
  readonly #setStoredSize: SqlStatement
  readonly #recounts: boolean

  constructor(database: SqlDatabase, counts: Counts, leases: LeaseIndex, rules: Rules = {}) {
    this.#recounts = inForce(rules, 'recount before a block goes')
    this.#counts = counts
    this.#leases = leases
    this.#find = database.prepare(`SELECT ${columns} FROM blocks WHERE hash = ?`)
    this.#insert = database.prepare(
      'INSERT INTO blocks (hash, size, encoding, stored_size) VALUES (?, ?, ?, ?)',
    )
    this.#unreferenced = database.prepare(
      `SELECT ${columns} FROM blocks
       WHERE unreferenced_at != 0 AND unreferenced_at <= ? ORDER BY unreferenced_at LIMIT ?`,
    )
    this.#referencedAgain = database.prepare('UPDATE blocks SET unreferenced_at = 0 WHERE id = ?')
    this.#remove = database.prepare('DELETE FROM blocks WHERE id = ?')
    this.#releasing = database.prepare('SELECT count(*) FROM blocks WHERE unreferenced_at != 0').pluck()
    this.#walk = database.prepare(
      `SELECT ${columns} FROM blocks WHERE id > ? AND id <= ? ORDER BY id LIMIT ?`,
    )
    this.#last = database.prepare('SELECT coalesce(max(id), 0) FROM blocks').pluck()
    this.#damaged = database.prepare(
      `SELECT ${columns} FROM blocks
       WHERE damage != 0 AND damage = ? AND id > ? ORDER BY id LIMIT 1`,
    )
    this.#damageCounts = database.prepare(
      'SELECT damage, count(*) AS blocks FROM blocks WHERE damage != 0 GROUP BY damage',
    )
    this.#damagedReleasing = database
      .prepare('SELECT count(*) FROM blocks WHERE damage != 0 AND unreferenced_at != 0')
      .pluck()
    this.#state = database.prepare(
      'SELECT damage, unreferenced_at != 0 AS releasing FROM blocks WHERE hash = ?',
    )
    this.#setStoredSize = database.prepare('UPDATE blocks SET stored_size = ? WHERE id = ?')
    this.#setDamage = database.prepare('UPDATE blocks SET damage = ? WHERE hash = ?')
  }

  find(hash: Uint8Array): BlockRow | undefined {
    return this.#find.get(hash) as BlockRow | undefined
  }

  /** Size of a block that is known here, or undefined. */
  sizeOf(hash: Uint8Array): number | undefined {
    return this.find(hash)?.size
  }

  /** Inside a transaction, once the file is durable: the block is here, and `operation` needs it. `file`: what was written. */
  add(hash: Uint8Array, size: number, operation: Operation, file?: WrittenFile): void {
    const found = this.find(hash)
    if (found === undefined) this.#leases.refer(this.#addRow(hash, size, file), operation)
    else {
      if (file !== undefined) this.setStoredSize(found, file.storedSize)
      if (found.damage !== blockDamage.none) this.setDamage(hash, blockDamage.none)
      this.#leases.refer(found.id, operation)
    }
  }

  #addRow(hash: Uint8Array, size: number, file: WrittenFile | undefined): number {
    const { encoding, storedSize } = file ?? { encoding: blockEncoding.plain, storedSize: size }
    this.#counts.add({ blocks: 1, blockBytes: size, storedBytes: storedSize })
    return Number(this.#insert.run(hash, size, encoding, storedSize).lastInsertRowid)
  }

  /** Inside a transaction: the block's file is of another size than its row says. */
  setStoredSize({ id, storedSize: before }: BlockRow, storedSize: number): void {
    if (storedSize === before || this.#setStoredSize.run(storedSize, id).changes === 0) return
    this.#counts.add({ storedBytes: storedSize - before })
  }

  /** Inside a transaction: `operation` needs a block that is here. False when it is not, or is damaged. */
  refer(hash: Uint8Array, operation: Operation): boolean {
    const found = this.find(hash)
    if (found === undefined || found.damage !== blockDamage.none) return false
    this.#leases.refer(found.id, operation)
    return true
  }

  referencesOf(hash: Uint8Array): Operation[] {
    const found = this.find(hash)
    return found === undefined ? [] : this.#leases.referencesOf(found.id)
  }

  /** Blocks that nobody has needed since `beforeMs` or longer, the longest first. */
  unreferencedSince(beforeMs: number, limit: number): BlockRow[] {
    return this.#unreferenced.all(beforeMs, limit) as BlockRow[]
  }

  /**
   * Inside a transaction, in the block's turn: counts the references anew and removes the row where there are none.
   * Returns whether it went.
   */
  removeUnreferenced({ id, hash }: BlockRow): boolean {
    if (this.#recounts && this.#leases.isReferenced(id)) {
      this.#referencedAgain.run(id)
      return false
    }
    // What its file takes may have changed since the row was read.
    const found = this.find(hash)
    if (found?.id !== id || this.#remove.run(id).changes === 0) return false
    this.#counts.add({ blocks: -1, blockBytes: -found.size, storedBytes: -found.storedSize })
    return true
  }

  /** Blocks that nobody needs and that are still here. */
  releasingCount(): number {
    return Number(this.#releasing.get())
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

  stateCounts(): StateCounts {
    const { missing, corrupt } = this.damageCounts()
    const releasing = this.releasingCount() - Number(this.#damagedReleasing.get())
    const stored = this.#counts.values.blocks - missing - corrupt - releasing
    return { stored, releasing, missing, corrupt }
  }

  /** Undefined where there is no row. */
  stateOf(hash: Uint8Array): HeldState | undefined {
    const row = this.#state.get(hash) as { damage: BlockDamage; releasing: number } | undefined
    if (row === undefined) return undefined
    if (row.damage === blockDamage.missing) return 'missing'
    if (row.damage === blockDamage.corrupt) return 'corrupt'
    return row.releasing === 0 ? 'stored' : 'releasing'
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
