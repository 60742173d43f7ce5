import { bucketIdBytes } from '@torc/cluster/ring/bucket-id'
import { type Epoch, epochHash } from '@torc/cluster/ring/epoch'
import { blockPartition } from '@torc/cluster/ring/partition'
import { fallbacks, preferenceList } from '@torc/cluster/ring/table'
import type { Hasher } from '@torc/protocol/environment/hasher'
import { limits } from '@torc/protocol/limits'

/** The stage of a settled epoch: write and read by its table alone (DESIGN §6). */
export const settledStage = 3

/** An epoch as requests use it: owners by partition, looked up without allocating. */
export class Layout {
  readonly epoch: Epoch
  readonly hash: Uint8Array
  readonly #addressed = Buffer.allocUnsafeSlow(bucketIdBytes + limits.keyBytesMax)
  readonly #owners = new Map<number, (readonly string[])[]>()
  readonly #fallbacks = new Map<number, readonly string[]>()

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

  /** All agents but the owners, in the order in which they stand in for these: the rest of the row, then on along the ring. */
  fallbacks(partition: number, replicas: number): readonly string[] {
    let others = this.#fallbacks.get(partition)
    if (others === undefined) {
      others = fallbacks(this.epoch.table, partition)
      this.#fallbacks.set(partition, others)
    }
    const row = this.epoch.table.rows[partition] ?? []
    return row.length <= replicas ? others : [...row.slice(replicas), ...others]
  }

  /** As `keyPartition` of `@torc/cluster`, with one buffer for all: a hash of one piece costs a third of two. */
  partitionOfKey(hasher: Hasher, bucketId: Uint8Array, key: string): number {
    const addressed = this.#addressed
    addressed.set(bucketId)
    const bytes = addressed.write(key, bucketId.length)
    return blockPartition(hasher.sha256(addressed.subarray(0, bucketId.length + bytes)), this.partitions)
  }

  partitionOfBlock(hash: Uint8Array): number {
    return blockPartition(hash, this.partitions)
  }

  /** The part of all keys of which an agent is one of the first `replicas` owners. */
  shareOf(agent: string, replicas: number): number {
    let count = 0
    for (let p = 0; p < this.partitions; p++) if (this.owners(p, replicas).includes(agent)) count++
    return count / this.partitions
  }

  /** How many partitions an agent is among the owners of. */
  partitionsOf(agent: string): number {
    let count = 0
    for (const row of this.epoch.table.rows) if (row.includes(agent)) count++
    return count
  }
}
