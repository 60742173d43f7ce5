import type { HeadOf } from '../messages/fields.js'
import type { layoutChanges, layoutPlan, layoutProgress } from '../messages/layout-operations.js'
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

/** Changes of the layout that wait for `applyLayout`. */
export type LayoutChanges = HeadOf<typeof layoutChanges>

/** What applying them comes to. */
export type LayoutPlan = HeadOf<typeof layoutPlan>

/** How far an agent is in the change to the layout. */
export type LayoutProgress = HeadOf<typeof layoutProgress>

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
  /** 1 = old owners are read, 2 = new ones are, 3 = settled; absent = 3. */
  readonly stage?: number | undefined
  readonly changes?: LayoutChanges | undefined
  readonly plan?: LayoutPlan | undefined
  /** Agents that have something to take over or to hand over, or cannot be asked. */
  readonly progress?: readonly LayoutProgress[] | undefined
}

/** A change of the layout to come: agents to take in, change or remove, or another number of replicas. */
export interface LayoutChange {
  /** Absent fields: what the agent says of itself, or the layout of it. */
  readonly assign?: readonly {
    readonly id: string
    readonly zone?: string | undefined
    readonly capacity?: number | undefined
  }[]
  /** `dead`: gone for good, nobody waits for what only it has. */
  readonly remove?: readonly { readonly id: string; readonly dead: boolean }[]
  readonly replicas?: number | undefined
}

export interface InitLayoutOptions extends CallOptions {
  /** Refuse unless exactly this many agents are there. */
  readonly agents?: number | undefined
  /** Owners of each key (N): 3 when absent. */
  readonly replicas?: number | undefined
  /** How many parts the hash space is cut in, for good: a power of two up to 65,536; 256 when absent. */
  readonly partitions?: number | undefined
}

/** What operators do. */
export interface Admin {
  readonly keys: AccessKeyAdmin
  status(options?: CallOptions): Promise<ClusterStatus>
  layout(options?: CallOptions): Promise<LayoutInfo>
  /** Makes the first epoch; CONFLICT when there is one with other agents, the same answer when it fits. */
  initLayout(options?: InitLayoutOptions): Promise<LayoutInfo>
  /**
   * Adds to the changes that wait, and tells what applying all of them comes to. BAD_REQUEST where it can't be,
   * CONFLICT where those that wait are for an older layout.
   */
  stageLayout(change: LayoutChange, options?: CallOptions): Promise<LayoutInfo>
  /** Forgets the changes that wait. */
  cancelLayout(options?: CallOptions): Promise<LayoutInfo>
  /**
   * Makes the changes that wait the next layout: decided by a majority of the agents of this one. CONFLICT where another
   * one was decided, UNAVAILABLE while the last change goes on or too few agents are there. `epoch`: refuse unless that is
   * the next number. `acceptLoss`: go on although acknowledged writes may be lost with agents that are gone for good.
   */
  applyLayout(
    options?: CallOptions & {
      readonly epoch?: number | undefined
      readonly acceptLoss?: boolean | undefined
    },
  ): Promise<LayoutInfo>
  /**
   * Begins anew with the agents that are left, where a majority of the layout's is gone for good. BAD_REQUEST where a
   * majority is there; and without `acceptLoss`, with what may be lost.
   */
  recoverLayout(options?: CallOptions & { readonly acceptLoss?: boolean | undefined }): Promise<LayoutInfo>
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
