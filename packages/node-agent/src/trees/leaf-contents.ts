import { decodeSummary } from '@torc/cluster/state/key-summary'
import { hashesOf, positionsOf } from '@torc/cluster/trees/tree-shape'
import { blockEncoding } from '../blocks/block-encoding.js'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { KeyDigest } from './leaf-rows.js'

/** A reference to a block, as owners of the block tell each other. */
export interface LeafReference {
  readonly hash: Uint8Array
  readonly size: number
  readonly bucketId: Uint8Array
  readonly key: Uint8Array
  readonly opId: Uint8Array
  /** Its file is kept compressed here. */
  readonly compressed: boolean
}

interface KeyRow {
  readonly id: number
  readonly position: number
  readonly bucketId: Uint8Array
  readonly key: Uint8Array
  readonly summary: Uint8Array
}

interface BlockRow {
  readonly id: number
  readonly hash: Uint8Array
  readonly size: number
  readonly encoding: number
}

interface ReferenceRow {
  readonly leaseId: number
  readonly bucketId: Uint8Array
  readonly key: Uint8Array
  readonly opId: Uint8Array
}

const blocksAtOnce = 64

/**
 * What is in a leaf, in pages: each page is read in one turn of the event loop, and what is written between two of them
 * may be in or not.
 */
export class LeafContents {
  readonly #keysAt: SqlStatement
  readonly #keysAfter: SqlStatement
  readonly #isHidden: SqlStatement
  readonly #blocksAfter: SqlStatement
  readonly #blocksBetween: SqlStatement
  readonly #references: SqlStatement

  constructor(database: SqlDatabase) {
    const columns = 'SELECT id, position, bucket AS bucketId, key, summary FROM keys'
    // Two statements: SQLite does not search its index for what follows a pair.
    this.#keysAt = database.prepare(`${columns} WHERE position = ? AND id > ? ORDER BY id LIMIT ?`)
    this.#keysAfter = database.prepare(
      `${columns} WHERE position > ? AND position <= ? ORDER BY position, id LIMIT ?`,
    )
    this.#isHidden = database.prepare('SELECT hidden FROM remainders WHERE bucket = ? AND key = ?').pluck()
    const blocks = 'SELECT id, hash, size, encoding FROM blocks WHERE hash > ?'
    this.#blocksAfter = database.prepare(`${blocks} ORDER BY hash LIMIT ?`)
    this.#blocksBetween = database.prepare(`${blocks} AND hash < ? ORDER BY hash LIMIT ?`)
    this.#references = database.prepare(
      `SELECT lease_id AS leaseId, bucket AS bucketId, key, op_id AS opId
       FROM lease_blocks JOIN leases ON leases.id = lease_id
       WHERE block_id = ? AND lease_id > ? ORDER BY lease_id LIMIT ?`,
    )
  }

  /**
   * Keys with the digests of their states, at most `limit` on a page; at least one page, maybe an empty one. What is left
   * of a key that is being collected is absent.
   */
  *keys(slot: number, partitions: number, limit: number): Generator<KeyDigest[], void, undefined> {
    const { first, last } = positionsOf(slot, partitions)
    let after = { position: first - 1, id: Number.MAX_SAFE_INTEGER }
    for (let pages = 0; ; pages++) {
      const page: KeyDigest[] = []
      let count = 0
      const add = (rows: Iterable<unknown>): void => {
        // One by one: a summary may be large, its digest is not.
        for (const { id, position, bucketId, key, summary } of rows as Iterable<KeyRow>) {
          const { digest, versionCount } = decodeSummary(summary)
          if (versionCount > 0 || this.#isHidden.get(bucketId, key) !== 1)
            page.push({ bucketId, key, digest: Uint8Array.from(digest) })
          after = { position, id }
          count++
        }
      }
      add(this.#keysAt.iterate(after.position, after.id, limit))
      if (count < limit) add(this.#keysAfter.iterate(after.position, last, limit - count))
      if (page.length > 0 || pages === 0) yield page
      if (count < limit) return
    }
  }

  /** References whose keys are known, in the order of their blocks; at least one page, as above. */
  *references(slot: number, partitions: number, limit: number): Generator<LeafReference[], void, undefined> {
    let page: LeafReference[] = []
    for (const { id, hash, size, encoding } of this.#blocks(slot, partitions)) {
      const block = { hash, size, compressed: encoding !== blockEncoding.plain }
      for (let after = 0; ; ) {
        const rows = this.#references.all(id, after, limit) as ReferenceRow[]
        for (const { leaseId, ...operation } of rows) {
          after = leaseId
          if (operation.key.length === 0) continue
          page.push({ ...block, ...operation })
          if (page.length < limit) continue
          yield page
          page = []
        }
        if (rows.length < limit) break
      }
    }
    // An empty last page is one frame more in few cases, and the only one where there is nothing.
    yield page
  }

  *#blocks(slot: number, partitions: number): Generator<BlockRow, void, undefined> {
    const { first, end } = hashesOf(slot, partitions)
    for (let after = first; ; ) {
      const rows = (
        end === undefined
          ? this.#blocksAfter.all(after, blocksAtOnce)
          : this.#blocksBetween.all(after, end, blocksAtOnce)
      ) as BlockRow[]
      yield* rows
      const last = rows.at(-1)
      if (last === undefined || rows.length < blocksAtOnce) return
      after = last.hash
    }
  }
}
