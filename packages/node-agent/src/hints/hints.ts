import type { Hasher } from '@torc/protocol/environment/hasher'
import { inForce } from '@torc/protocol/environment/safeguards'
import type { Environment } from '@torc/protocol/environment/system'
import type { SqlDatabase } from '../disk/disk.js'
import type { TransactionListener } from '../index/group-commit.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import type { LeaseIndex } from '../leases/lease-index.js'
import { BlockHints, type ReplicasOf } from './block-hints.js'
import { DeliveredKeys } from './delivered-keys.js'
import { HintCounts } from './hint-counts.js'
import { HintPartitions } from './hint-partitions.js'
import { KeyHints } from './key-hints.js'

export interface HintsParts {
  readonly database: SqlDatabase
  readonly layout: AgentLayout
  readonly leases: LeaseIndex
  readonly hasher: Hasher
  readonly environment: Pick<Environment, 'clock' | 'without'>
  /** How long an intent is kept that is not renewed, in milliseconds. */
  readonly intentMs: number
  /** Most bytes that hints may stand for. */
  readonly bytesMax: number
  /** How long a key's state stays after its delivery, in milliseconds. */
  readonly lingerMs: number
  readonly replicasOf: ReplicasOf
}

/**
 * Hints: what this agent keeps in place of owners that are down (DESIGN §7, §10). The states and blocks themselves lie
 * in the same tables as those of an owner; here is only for whom. Hints never expire.
 */
export class Hints {
  readonly counts: HintCounts
  readonly partitions: HintPartitions
  readonly keys: KeyHints
  readonly blocks: BlockHints
  readonly delivered: DeliveredKeys
  readonly #layout: AgentLayout
  readonly #replicasOf: ReplicasOf
  /** What follows the fate of each transaction. */
  readonly listeners: readonly TransactionListener[]

  constructor(parts: HintsParts) {
    const { database, layout, leases, hasher, environment, intentMs, bytesMax, lingerMs, replicasOf } = parts
    const { clock } = environment
    if (!inForce(environment, 'hints are durable'))
      database.exec('DELETE FROM hints; DELETE FROM block_hints')
    this.counts = new HintCounts(database, bytesMax)
    this.partitions = new HintPartitions({ database, layout, hasher, clock, intentMs })
    this.keys = new KeyHints(database, this.counts, this.partitions)
    this.blocks = new BlockHints(database, leases, layout, this.counts, this.partitions, replicasOf)
    this.#layout = layout
    this.#replicasOf = replicasOf
    this.delivered = new DeliveredKeys(database, clock, lingerMs)
    this.listeners = [this.counts, this.partitions]
  }

  /**
   * Whether a key's state is here for readers only, as all of it was delivered: nobody needs what it refers to for its
   * sake, and its owners may have purged it since.
   */
  lingers(partition: number, keyId: number, bucketId: Uint8Array): boolean {
    if (this.#layout.owns(partition, this.#replicasOf(bucketId))) return false
    return this.delivered.has(keyId) && !this.keys.has(keyId)
  }
}

/** What an agent is told about hints. */
export interface HintOptions {
  /** Most bytes that hints may stand for: beyond them new ones are refused. A tenth of the capacity when absent. */
  readonly bytesMax?: number | undefined
  /** Bytes that go to one owner in a second, at most; 32 MiB when absent. */
  readonly bytesPerSecond?: number | undefined
  /** How long a key's state stays after its delivery, in milliseconds; the time that a request may take when absent. */
  readonly lingerMs?: number | undefined
}

/** Room for hints where nothing is known of an agent's capacity, and the least that any has. */
const bytesUnknown = 10 * 1024 ** 3
const bytesLeast = 256 * 1024 ** 2

/** Most bytes of hints, where nothing else is said: a tenth of the agent's capacity. */
export function hintBytesDefault(capacity: number): number {
  return capacity === 0 ? bytesUnknown : Math.max(bytesLeast, Math.floor(capacity / 10))
}
