import { keyPartition } from '@torc/cluster/ring/partition'
import { slotOfLeaf, treeLeaves } from '@torc/cluster/trees/tree-shape'
import type { Hasher } from '@torc/protocol/environment/hasher'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { Operation } from '../leases/operation.js'
import { LeafContents, type LeafReference } from '../trees/leaf-contents.js'
import type { KeyDigest } from '../trees/leaf-rows.js'

/** Keys or references of one page. */
export const itemsAtOnce = 128

/** What lies in one leaf. */
export interface LeafPage<T> {
  readonly leaf: number
  readonly items: readonly T[]
}

/** Walks over what this agent holds of a partition, leaf by leaf. */
export class LeftoverRows {
  readonly #contents: LeafContents
  readonly #hasher: Hasher
  readonly #intents: SqlStatement

  constructor(database: SqlDatabase, hasher: Hasher) {
    this.#contents = new LeafContents(database)
    this.#hasher = hasher
    this.#intents = database.prepare('SELECT op_id AS opId, bucket AS bucketId, key FROM intents')
  }

  *keys(partition: number, partitions: number): Generator<LeafPage<KeyDigest>, void, undefined> {
    for (let leaf = 0; leaf < treeLeaves; leaf++)
      for (const items of this.#contents.keys(slotOfLeaf(partition, leaf), partitions, itemsAtOnce))
        if (items.length > 0) yield { leaf, items }
  }

  *references(partition: number, partitions: number): Generator<LeafPage<LeafReference>, void, undefined> {
    for (let leaf = 0; leaf < treeLeaves; leaf++)
      for (const items of this.#contents.references(slotOfLeaf(partition, leaf), partitions, itemsAtOnce))
        if (items.length > 0) yield { leaf, items }
  }

  /**
   * Operations on keys of the partition that are announced here. Only few are under way at a time, so all are looked
   * through.
   */
  intents(partition: number, partitions: number): Operation[] {
    const all = this.#intents.all() as unknown as Operation[]
    return all.filter(
      ({ bucketId, key }) =>
        keyPartition(this.#hasher, bucketId, Buffer.from(key).toString(), partitions) === partition,
    )
  }
}
