import { type Epoch, epochHash } from '@torc/cluster/ring/epoch'
import { blockPartition, keyPartition } from '@torc/cluster/ring/partition'
import { preferenceList } from '@torc/cluster/ring/table'
import type { Hasher } from '@torc/protocol/environment/hasher'

/** The stage of a settled epoch: write and read by its table alone (DESIGN §6). */
export const settledStage = 3

/** An epoch as requests use it: owners by partition, looked up without allocating. */
export class Layout {
  readonly epoch: Epoch
  readonly hash: Uint8Array
  readonly #owners = new Map<number, (readonly string[])[]>()

  constructor(epoch: Epoch, hasher: Hasher) {
    this.epoch = epoch
    this.hash = epochHash(hasher, epoch)
  }

  get number(): number {
    return this.epoch.number
  }

  get partitions(): number {
    return this.epoch.table.partitions
  }

  /** The replicas that were asked for; with fewer agents a partition has fewer owners. */
  get replicas(): number {
    return this.epoch.table.replicas
  }

  get agents(): Epoch['agents'] {
    return this.epoch.agents
  }

  /** The first `replicas` agents of the partition's row, in preference order. */
  owners(partition: number, replicas: number): readonly string[] {
    let rows = this.#owners.get(replicas)
    if (rows === undefined) {
      rows = Array.from({ length: this.partitions }, (_, p) => preferenceList(this.epoch.table, p, replicas))
      this.#owners.set(replicas, rows)
    }
    const row = rows[partition]
    if (row === undefined) throw new RangeError(`partition ${partition} of ${this.partitions}`)
    return row
  }

  partitionOfKey(hasher: Hasher, bucketId: Uint8Array, key: string): number {
    return keyPartition(hasher, bucketId, key, this.partitions)
  }

  partitionOfBlock(hash: Uint8Array): number {
    return blockPartition(hash, this.partitions)
  }

  /** How many partitions an agent is among the owners of. */
  partitionsOf(agent: string): number {
    let count = 0
    for (const row of this.epoch.table.rows) if (row.includes(agent)) count++
    return count
  }
}
