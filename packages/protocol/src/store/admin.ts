import type { HeadOf } from '../messages/fields.js'
import type { hintsHeld, repairState } from '../messages/message.js'
import type { AccessKeyAdmin } from './access-keys.js'
import type { BlockCounts, BlockPlaces, BlocksOptions, ClusterBytes, HeldBytes } from './blocks.js'
import type { CallOptions } from './object-store.js'
import type { RepairStatus } from './repair.js'
import type { BlockHealth, ScrubStatus, WorkerInfo } from './scrub.js'

/** Writes that an agent keeps for an owner that was down. */
export type HintsHeld = HeadOf<typeof hintsHeld>

/** How an agent's anti-entropy is. Times are hybrid. */
export type RepairState = HeadOf<typeof repairState>

export interface MemberStatus extends BlockHealth, BlockCounts, HeldBytes {
  readonly id: string
  readonly name: string
  readonly role: 'server' | 'agent' | 'gateway'
  readonly address: string
  readonly zone: string
  readonly state: 'alive' | 'suspect' | 'down' | 'left'
  readonly capacity: number
  readonly usedBytes: number | undefined
  readonly partitions: number | undefined
  readonly keys: number | undefined
  readonly versions: number | undefined
  readonly blocks: number | undefined
  /** By the owner that they are for. */
  readonly hints?: readonly HintsHeld[] | undefined
  readonly repair?: RepairState | undefined
  /** What it does in the background. */
  readonly workers?: readonly WorkerInfo[] | undefined
}

export interface ClusterStatus extends ClusterBytes {
  /** 0 = no layout yet. */
  readonly epoch: number
  readonly partitions: number
  readonly replicas: number
  readonly healthy: boolean
  /** What is wrong, in plain words. */
  readonly problems: readonly string[]
  readonly members: readonly MemberStatus[]
  readonly buckets: number
}

export interface LayoutInfo {
  readonly epoch: number
  readonly partitions: number
  readonly replicas: number
  readonly agents: readonly {
    readonly id: string
    readonly zone: string
    readonly capacity: number
    readonly partitions: number
  }[]
}

/** What operators do. */
export interface Admin {
  readonly keys: AccessKeyAdmin
  status(options?: CallOptions): Promise<ClusterStatus>
  layout(options?: CallOptions): Promise<LayoutInfo>
  /** Makes the first epoch; CONFLICT when there is one with other agents, the same answer when it fits. */
  initLayout(
    options?: CallOptions & { readonly agents?: number | undefined; readonly replicas?: number | undefined },
  ): Promise<LayoutInfo>
  /** How the checking of blocks is on all agents. NO_LAYOUT before the first layout. */
  scrubStatus(options?: CallOptions): Promise<ScrubStatus>
  /**
   * Asks all agents to check all their blocks now and to repair what is damaged; answers at once, with the passes to
   * wait for. An agent that is at it because it was asked before is not asked again.
   */
  scrub(options?: CallOptions): Promise<ScrubStatus>
  /** How the comparing of replicas is on all agents. NO_LAYOUT before the first layout. */
  repairStatus(options?: CallOptions): Promise<RepairStatus>
  /**
   * Asks all agents to compare all their partitions with the other owners now, and to take over what they lack; answers
   * at once, with the passes to wait for. An agent that is at it because it was asked before is not asked again.
   */
  repair(options?: CallOptions): Promise<RepairStatus>
  /** The blocks of a version in their order, with what each of their owners says; none where its body is inline. */
  blocks(bucket: string, key: string, options?: BlocksOptions): AsyncIterable<BlockPlaces>
}
