import { decodeSummary } from '@torc/cluster/state/key-summary'
import type { StoredLeaf } from '@torc/cluster/trees/hash-tree'
import { treePosition, treePositions } from '@torc/cluster/trees/tree-shape'
import type { Hasher } from '@torc/protocol/environment/hasher'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import { LeafLog, type NumberedLeaf } from './leaf-log.js'

/** A layout's partitions, and the owners that it wants of each. */
export interface TreeShape {
  readonly partitions: number
  readonly replicas: number
}

/** Which tree; the numbers are stored. */
export const treeKinds = { keys: 0, blocks: 1 } as const
export type TreeKind = keyof typeof treeKinds

/** A key and the digest of its state. */
export interface KeyDigest {
  readonly bucketId: Uint8Array
  readonly key: Uint8Array
  readonly digest: Uint8Array
}

/** Most owners that anything has: `replicas` of an entry that all owners hold. */
export const everyOwner = 64

/** Which leaf of which tree, and how many owners hold what it is of. */
export interface LeafPlace {
  readonly kind: TreeKind
  readonly replicas: number
  readonly slot: number
}

export type KindLeaf = LeafPlace & StoredLeaf

function numberOf({ kind, replicas, slot }: LeafPlace): number {
  return (treeKinds[kind] * everyOwner + replicas - 1) * treePositions + slot
}

function placeOf(id: number): LeafPlace {
  const tree = Math.floor(id / treePositions)
  const kind = tree < everyOwner ? 'keys' : 'blocks'
  return { kind, replicas: 1 + (tree % everyOwner), slot: id % treePositions }
}

/** The rows that hash trees are kept in and made of. */
export class LeafRows {
  readonly #database: SqlDatabase
  readonly #save: SqlStatement
  readonly #blockHash: SqlStatement
  readonly #log: LeafLog

  constructor(database: SqlDatabase) {
    this.#database = database
    this.#log = new LeafLog(database)
    this.#save = database.prepare(
      'INSERT INTO tree_leaves (id, digest) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET digest = excluded.digest',
    )
    this.#blockHash = database.prepare('SELECT hash FROM blocks WHERE id = ?').pluck()
  }

  /** What the stored leaves were made for; zeros where there are none. */
  shape(): TreeShape {
    return this.#database.prepare('SELECT partitions, replicas FROM tree_shape').get() as TreeShape
  }

  /** All stored leaves; of one that comes twice the last one counts. */
  *leaves(): Generator<KindLeaf, void, undefined> {
    const rows = this.#database.prepare('SELECT id, digest FROM tree_leaves').iterate()
    for (const { id, digest } of rows as Iterable<NumberedLeaf>) yield { ...placeOf(id), digest }
    for (const { id, digest } of this.#log.read()) yield { ...placeOf(id), digest }
  }

  /** Inside a transaction: `changed` is what changed in it; `leafOf` gives the others that are to be written now. */
  save(changed: readonly KindLeaf[], leafOf: (place: LeafPlace) => Uint8Array): void {
    if (this.#log.isLong) for (const id of this.#log.clear()) this.#save.run(id, leafOf(placeOf(id)))
    this.#log.append(changed.map(leaf => ({ id: numberOf(leaf), digest: leaf.digest })))
  }

  /** Inside a transaction: these are all leaves, made for `shape`. */
  restart({ partitions, replicas }: TreeShape, leaves: Iterable<KindLeaf>): void {
    this.#log.clear()
    this.#database.prepare('DELETE FROM tree_leaves').run()
    this.#database.prepare('UPDATE tree_shape SET partitions = ?, replicas = ?').run(partitions, replicas)
    for (const leaf of leaves) this.#save.run(numberOf(leaf), leaf.digest)
  }

  committed(): void {
    this.#log.committed()
  }

  rolledBack(): void {
    this.#log.rolledBack()
  }

  blockHash(blockId: number): Uint8Array | undefined {
    return this.#blockHash.get(blockId) as Uint8Array | undefined
  }

  /** All keys but those that are left out, as what is left of them is being collected. */
  *keys(): Generator<KeyDigest, void, undefined> {
    const rows = this.#database
      .prepare(
        `SELECT bucket, key, summary FROM keys WHERE NOT EXISTS (
           SELECT 1 FROM remainders
           WHERE remainders.bucket = keys.bucket AND remainders.key = keys.key AND hidden = 1)`,
      )
      .raw()
      .iterate()
    for (const [bucketId, key, summary] of rows as Iterable<[Uint8Array, Uint8Array, Uint8Array]>)
      yield { bucketId, key, digest: decodeSummary(summary).digest }
  }

  /** References whose key is known: those of before leases had keys are in no tree until they get one. */
  *references(): Generator<
    { hash: Uint8Array; bucketId: Uint8Array; key: Uint8Array; opId: Uint8Array },
    void,
    undefined
  > {
    const rows = this.#database
      .prepare(
        `SELECT hash, bucket AS bucketId, key, op_id AS opId FROM lease_blocks
         JOIN leases ON leases.id = lease_id JOIN blocks ON blocks.id = block_id WHERE key != x''`,
      )
      .iterate()
    yield* rows as Iterable<{ hash: Uint8Array; bucketId: Uint8Array; key: Uint8Array; opId: Uint8Array }>
  }

  /** Fills in the positions of keys that an earlier version wrote, all or none. */
  fillPositions(hasher: Hasher): void {
    const database = this.#database
    // The index finds them at once where there are none.
    const missing = database.prepare(
      'SELECT id, bucket, key FROM keys WHERE position IS NULL ORDER BY id LIMIT 1000',
    )
    const fill = database.prepare('UPDATE keys SET position = ? WHERE id = ?')
    type Row = { readonly id: number; readonly bucket: Uint8Array; readonly key: Uint8Array }
    let rows = missing.all() as Row[]
    if (rows.length === 0) return
    database.transaction(() => {
      for (; rows.length > 0; rows = missing.all() as Row[])
        for (const { id, bucket, key } of rows) fill.run(treePosition(hasher.sha256(bucket, key)), id)
    })()
  }
}
