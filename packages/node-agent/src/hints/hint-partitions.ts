import { keyPartition } from '@torc/cluster/ring/partition'
import { partitionBits } from '@torc/cluster/ring/partition-bits'
import type { Clock } from '@torc/protocol/environment/clock'
import type { Hasher } from '@torc/protocol/environment/hasher'
import type { SqlDatabase } from '../disk/disk.js'
import type { TransactionListener } from '../index/group-commit.js'
import type { AgentLayout } from '../layout/agent-layout.js'

/** Says in gossip of which partitions this agent holds hints; returns the revision of what it says of itself then. */
export type AnnounceHints = (bits: Uint8Array | undefined) => number

export interface HintPartitionsParts {
  readonly database: SqlDatabase
  readonly layout: AgentLayout
  readonly hasher: Hasher
  readonly clock: Clock
  /** How long an intent is kept that is not renewed, in milliseconds. */
  readonly intentMs: number
}

/**
 * The partitions of which this agent holds something in place of an owner: hints of keys and of blocks, counted, and
 * intents of writes that it is going to mint as a fallback. Of an intent only is kept how long it may live: a partition
 * that is named for too long costs a question, one that is not named costs blocks.
 */
export class HintPartitions implements TransactionListener {
  readonly #clock: Clock
  readonly #intentMs: number
  readonly #hints = new Map<number, number>()
  /** Until when there may be an intent. */
  readonly #intents = new Map<number, number>()
  readonly #staged: [partition: number, hints: number][] = []
  #announce: AnnounceHints = () => 0
  /** What was announced may not be what is here. */
  #stale = true
  #revision = 0

  constructor({ database, layout, hasher, clock, intentMs }: HintPartitionsParts) {
    this.#clock = clock
    this.#intentMs = intentMs
    for (const table of ['hints', 'block_hints']) {
      const rows = database.prepare(`SELECT partition, count(*) FROM ${table} GROUP BY partition`).raw().all()
      for (const [partition, count] of rows as [number, number][]) this.#apply(partition, count)
    }
    if (layout.number === 0) return
    const intents = database.prepare('SELECT bucket, key FROM intents').all()
    for (const { bucket, key } of intents as { bucket: Uint8Array; key: Uint8Array }[]) {
      const partition = keyPartition(hasher, bucket, Buffer.from(key).toString(), layout.partitions)
      if (!layout.owns(partition)) this.intent(partition)
    }
  }

  /** Announces what is here, and every change from now on. */
  start(announce: AnnounceHints): void {
    this.#announce = announce
    this.#stale = true
    this.#refresh()
  }

  /** From this revision on gossip names every partition of which something was committed. */
  get revision(): number {
    return this.#revision
  }

  /** Inside a transaction: so many hints of the partition came (or went). */
  add(partition: number, hints: number): void {
    this.#staged.push([partition, hints])
    this.#apply(partition, hints)
  }

  /** Inside a transaction: an intent of a key of the partition was placed or renewed. */
  intent(partition: number): void {
    if (!this.#intents.has(partition)) this.#stale = true
    this.#intents.set(partition, this.#clock.nowMs() + this.#intentMs)
  }

  beforeCommit(): void {
    // The rows are written by whoever adds.
  }

  committed(): void {
    this.#staged.length = 0
    this.#refresh()
  }

  rolledBack(): void {
    for (const [partition, hints] of this.#staged) this.#apply(partition, -hints)
    this.#staged.length = 0
  }

  /** Announces what has changed since the last time; also that intents have run out. */
  #refresh(): void {
    if (this.#intents.size > 0) {
      const nowMs = this.#clock.nowMs()
      for (const [partition, untilMs] of this.#intents)
        if (untilMs <= nowMs && this.#intents.delete(partition)) this.#stale = true
    }
    if (!this.#stale) return
    this.#stale = false
    this.#revision = this.#announce(partitionBits([...this.#hints.keys(), ...this.#intents.keys()]))
  }

  #apply(partition: number, hints: number): void {
    const count = (this.#hints.get(partition) ?? 0) + hints
    if (count === 0 || count === hints) this.#stale = true
    if (count === 0) this.#hints.delete(partition)
    else this.#hints.set(partition, count)
  }
}
