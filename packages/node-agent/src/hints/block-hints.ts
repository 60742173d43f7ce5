import { blockPartition } from '@torc/cluster/ring/partition'
import type { BlockEncoding } from '../blocks/block-encoding.js'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import type { LeaseIndex } from '../leases/lease-index.js'
import type { Operation } from '../leases/operation.js'
import type { HintCounts } from './hint-counts.js'
import type { HintPartitions } from './hint-partitions.js'

/** That `target` lacks an operation's reference to a block, and maybe the block. */
export interface BlockHint extends Operation {
  readonly id: number
  readonly blockId: number
  readonly leaseId: number
  readonly partition: number
  readonly hash: Uint8Array
  /** Bytes of the block. */
  readonly size: number
  readonly encoding: BlockEncoding
}

/** How many owners hold what is in a bucket, where it is known. */
export type ReplicasOf = (bucketId: Uint8Array) => number | undefined

interface StoredHint {
  readonly target: string
  readonly partition: number
  readonly bytes: number
}

/** References to blocks that owners lack, by owner. All methods that change anything run inside a transaction. */
export class BlockHints {
  readonly #leases: LeaseIndex
  readonly #layout: AgentLayout
  readonly #counts: HintCounts
  readonly #partitions: HintPartitions
  readonly #replicasOf: ReplicasOf
  readonly #findBlock: SqlStatement
  readonly #insert: SqlStatement
  readonly #next: SqlStatement
  readonly #remove: SqlStatement
  readonly #removeOfLease: SqlStatement
  readonly #isHinted: SqlStatement

  constructor(
    database: SqlDatabase,
    leases: LeaseIndex,
    layout: AgentLayout,
    counts: HintCounts,
    partitions: HintPartitions,
    replicasOf: ReplicasOf,
  ) {
    this.#replicasOf = replicasOf
    this.#leases = leases
    this.#layout = layout
    this.#counts = counts
    this.#partitions = partitions
    this.#findBlock = database.prepare('SELECT id, size FROM blocks WHERE hash = ?')
    this.#insert = database.prepare(
      `INSERT INTO block_hints (target, block_id, lease_id, partition, bytes) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
    )
    this.#next = database.prepare(
      `SELECT hint.id AS id, block_id AS blockId, lease_id AS leaseId, hint.partition AS partition, hash, size,
              encoding, op_id AS opId, bucket AS bucketId, key
       FROM block_hints hint JOIN blocks ON blocks.id = block_id JOIN leases ON leases.id = lease_id
       WHERE target = ? AND hint.id > ? ORDER BY hint.id LIMIT ?`,
    )
    this.#remove = database.prepare('DELETE FROM block_hints WHERE id = ? RETURNING target, partition, bytes')
    this.#removeOfLease = database.prepare(
      'DELETE FROM block_hints WHERE lease_id = ? RETURNING target, partition, bytes',
    )
    this.#isHinted = database
      .prepare('SELECT 1 FROM block_hints WHERE lease_id = ? AND block_id = ? LIMIT 1')
      .pluck()
    // Nobody knows the operation (any more): its blocks need not go anywhere.
    leases.watch(leaseId => {
      for (const hint of this.#removeOfLease.all(leaseId) as StoredHint[]) this.#gone(hint)
    })
  }

  /** After the operation's reference to the block was stored here: each of the targets may lack it. */
  note(hash: Uint8Array, operation: Operation, targets: readonly string[]): void {
    const block = this.#findBlock.get(hash) as { id: number; size: number } | undefined
    const leaseId = this.#leases.idOf(operation)
    if (block === undefined || leaseId === undefined) return
    const partition = blockPartition(hash, this.#layout.partitions)
    for (const target of targets) this.#add(target, block.id, leaseId, partition, block.size)
  }

  /** Hints for `target` whose ids are greater than `after`, in order. */
  next(target: string, after: number, limit: number): BlockHint[] {
    return this.#next.all(target, after, limit) as BlockHint[]
  }

  /**
   * The target has the reference and the block. What is needed neither for another target nor because this agent owns
   * the block's partition is held no longer.
   */
  delivered(hints: readonly BlockHint[]): void {
    for (const { id, leaseId, blockId, partition, bucketId } of hints) {
      const hint = this.#remove.get(id) as StoredHint | undefined
      // Its lease may have gone meanwhile, and its hints with it.
      if (hint === undefined) continue
      this.#gone(hint)
      const isNeeded =
        this.#layout.owns(partition, this.#replicasOf(bucketId)) || this.isHinted(leaseId, blockId)
      if (!isNeeded) this.#leases.dropReference(leaseId, blockId)
    }
  }

  /** Whether any owner lacks the lease's reference to the block. */
  isHinted(leaseId: number, blockId: number): boolean {
    return this.#isHinted.get(leaseId, blockId) !== undefined
  }

  /** Other owners take the target's place. */
  readdress({ id, leaseId, blockId, partition }: BlockHint, targets: readonly string[]): void {
    const hint = this.#remove.get(id) as StoredHint | undefined
    if (hint === undefined) return
    this.#gone(hint)
    for (const target of targets) this.#add(target, blockId, leaseId, partition, hint.bytes)
  }

  #add(target: string, blockId: number, leaseId: number, partition: number, bytes: number): void {
    if (this.#insert.run(target, blockId, leaseId, partition, bytes).changes === 0) return
    this.#counts.add({ target, keys: 0, blocks: 1, bytes })
    this.#partitions.add(partition, 1)
  }

  #gone({ target, partition, bytes }: StoredHint): void {
    this.#counts.add({ target, keys: 0, blocks: -1, bytes: -bytes })
    this.#partitions.add(partition, -1)
  }
}
