import type { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import type { Hasher } from '@torc/protocol/environment/hasher'
import type { Log } from '@torc/protocol/environment/log'
import type { KeptLeases } from '../actors/kept-leases.js'
import type { BlockIndex } from '../blocks/block-index.js'
import type { BlockStore } from '../blocks/block-store.js'
import type { BallotRows } from '../consensus/ballot-rows.js'
import type { Register } from '../consensus/register.js'
import type { Disk, SqlDatabase } from '../disk/disk.js'
import type { ChangeLog } from '../feed/change-log.js'
import type { TailWaits } from '../feed/tail-waits.js'
import type { ReplicasOf } from '../hints/block-hints.js'
import type { Hints } from '../hints/hints.js'
import type { CounterLease } from '../index/counter-lease.js'
import type { Counts } from '../index/counts.js'
import type { GroupCommit } from '../index/group-commit.js'
import type { KeyIndex } from '../index/key-index.js'
import type { AgentLayout } from '../layout/agent-layout.js'
import type { EpochBallots } from '../layout/epoch-ballots.js'
import type { Intents } from '../leases/intents.js'
import type { LeaseIndex } from '../leases/lease-index.js'
import type { ReleaseQueue } from '../leases/release-queue.js'
import type { CollectionNumbers } from '../remainders/collection-numbers.js'
import type { RemainderKeeper } from '../remainders/remainder-keeper.js'
import type { RemainderRows } from '../remainders/remainder-rows.js'
import type { AgentTrees } from '../trees/agent-trees.js'

/** What handlers work with. Built once by `agent.ts`. */
export interface AgentContext {
  readonly nodeId: string
  readonly disk: Disk
  readonly database: SqlDatabase
  readonly commit: GroupCommit
  readonly index: KeyIndex
  readonly ballots: BallotRows
  readonly register: Register
  readonly counts: Counts
  readonly lease: CounterLease
  /** Leases of counters of the other agents. */
  readonly keptLeases: KeptLeases
  readonly leases: LeaseIndex
  readonly intents: Intents
  readonly releases: ReleaseQueue
  readonly hints: Hints
  readonly collections: CollectionNumbers
  readonly remainderRows: RemainderRows
  readonly remainders: RemainderKeeper
  readonly blockIndex: BlockIndex
  readonly blocks: BlockStore
  readonly layout: AgentLayout
  readonly epochBallots: EpochBallots
  readonly trees: AgentTrees
  readonly changes: ChangeLog
  readonly tailWaits: TailWaits
  readonly replicasOf: ReplicasOf
  readonly clock: HybridClock
  readonly hasher: Hasher
  readonly log: Log
}
