import { bucketIdBytes } from '@torc/cluster/ring/bucket-id'
import { type Epoch, epochHash } from '@torc/cluster/ring/epoch'
import { blockPartition } from '@torc/cluster/ring/partition'
import { fallbacks } from '@torc/cluster/ring/table'
import { type LayoutState, OwnerTables } from '@torc/cluster/transition/owner-tables'
import type { Stage } from '@torc/cluster/transition/stage'
import type { Hasher } from '@torc/protocol/environment/hasher'
import { limits } from '@torc/protocol/limits'

/** Owners of one layout of a partition: a write needs W of each group. */
export type WriteGroups = readonly (readonly string[])[]

/** An epoch, and how far the change to it is, as requests use it: owners by partition, looked up without allocating. */
export class Layout {
  readonly state: LayoutState
  readonly epoch: Epoch
  readonly hash: Uint8Array
  readonly tables: OwnerTables
  readonly #addressed = Buffer.allocUnsafeSlow(bucketIdBytes + limits.keyBytesMax)
  readonly #owners = new Map<number, (readonly string[])[]>()
  readonly #groups = new Map<number, WriteGroups[]>()
  readonly #fallbacks = new Map<number, readonly string[]>()

  constructor(state: LayoutState, hasher: Hasher) {
    this.state = state
    this.epoch = state.epoch
    this.hash = epochHash(hasher, state.epoch)
    this.tables = new OwnerTables(state)
  }

  get stage(): Stage {
    return this.state.stage
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

  /** Whether it says that an agent is gone for good: nobody waits for what it may have. */
  isGivenUp(agent: string): boolean {
    return this.epoch.terms?.lost.includes(agent) === true
  }

  /** The owners that are read: the first `replicas` agents of the partition's row, in preference order. */
  owners(partition: number, replicas: number): readonly string[] {
    let rows = this.#owners.get(replicas)
    if (rows === undefined) {
      rows = Array.from({ length: this.partitions }, (_, p) => this.tables.readOwners(p, replicas))
      this.#owners.set(replicas, rows)
    }
    const row = rows[partition]
    if (row === undefined) throw new RangeError(`partition ${partition} of ${this.partitions}`)
    return row
  }

  /** Those that are written to, those of the owners that are read first; one group, but while a layout changes. */
  writeGroups(partition: number, replicas: number): WriteGroups {
    let rows = this.#groups.get(replicas)
    if (rows === undefined) {
      rows = Array.from({ length: this.partitions }, (_, p) =>
        this.tables.isSettled ? [this.owners(p, replicas)] : this.tables.writeGroups(p, replicas),
      )
      this.#groups.set(replicas, rows)
    }
    return rows[partition] ?? []
  }

  /** All other agents, in the order in which they stand in for owners: the rest of the row, then on along the ring. */
  fallbacks(partition: number, replicas: number): readonly string[] {
    let others = this.#fallbacks.get(partition)
    if (others === undefined) {
      others = fallbacks(this.epoch.table, partition)
      this.#fallbacks.set(partition, others)
    }
    const row = this.epoch.table.rows[partition] ?? []
    const all = row.length <= replicas ? others : [...row.slice(replicas), ...others]
    if (this.tables.isSettled) return all
    const owners = this.tables.writeOwners(partition, replicas)
    return all.filter(agent => !owners.includes(agent))
  }

  /** Agents beside the owners that may have a block of theirs: who owned it before, then who may have stood in. */
  otherHolders(partition: number, replicas: number): readonly string[] {
    const before = this.state.previous?.table.rows[partition] ?? []
    const owners = this.owners(partition, replicas)
    const others = new Set([...before, ...this.fallbacks(partition, replicas)])
    return [...others].filter(agent => !owners.includes(agent))
  }

  /** Agents of the layout, and of the one before while it still counts. */
  get allAgents(): readonly string[] {
    const before = this.tables.isSettled ? [] : (this.state.previous?.agents ?? [])
    return [...new Set([...this.agents, ...before].map(({ id }) => id))]
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
