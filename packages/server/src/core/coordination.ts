import type { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import type { Log } from '@torc/protocol/environment/log'
import type { Environment } from '@torc/protocol/environment/system'
import type { BlockBudget } from '@torc/protocol/store/block-budget'
import type { Agents } from '../agents/agents.js'
import type { RepairQueue } from '../bodies/repair-queue.js'
import type { RecordNews } from '../buckets/record-news.js'
import type { CollectionNumbers } from '../collection/collection-numbers.js'
import type { HintHolders } from '../hints/hint-holders.js'
import type { Layout } from '../layout/layout.js'
import type { LayoutKeeper } from '../layout/layout-keeper.js'
import type { KeyTurns } from './key-turns.js'
import type { Repairs } from './repairs.js'

/** What every flow works with. */
export interface Coordination {
  readonly environment: Environment
  readonly hybridClock: HybridClock
  readonly layouts: LayoutKeeper
  readonly agents: Agents
  readonly hints: HintHolders
  readonly collections: CollectionNumbers
  /** Blocks that arrive from clients and are not complete (see `FillingPlace`). */
  readonly fillBudget: BlockBudget
  /** Blocks on their way to agents. */
  readonly writeBudget: BlockBudget
  /** Blocks that arrive from clients one by one. Apart from the others, so that slow senders hold back no other writer. */
  readonly arrivalBudget: BlockBudget
  /** Blocks that are read ahead for clients. Apart from the other, so that slow readers hold back no writer. */
  readonly readBudget: BlockBudget
  /** Blocks on their way to owners that turned out to lack them. */
  readonly blockRepairs: RepairQueue
  readonly repairs: Repairs
  /** What is known of changes of control records. */
  readonly recordNews: Pick<RecordNews, 'wrote' | 'everywhere'>
  /** Of this server's conditional writes. */
  readonly keyTurns: KeyTurns
  readonly log: Log
  readonly clusterId: string
  /** Ids of the agents that are known now (for what is asked before there is a layout). */
  readonly knownAgents: () => readonly string[]
  /** Incarnation in which an agent is known; 0 where it is not. */
  readonly incarnationOf: (agent: string) => number
  /** Whether other servers may be at work now. */
  readonly otherServers: () => boolean
}

/** What a replica request says about layout and time (DESIGN §4, §6). */
export interface AddressFields {
  readonly epoch: number
  readonly stage: number
  readonly time: number
}

export function addressFields(c: Coordination, layout: Layout): AddressFields {
  return { epoch: layout.number, stage: layout.stage, time: c.hybridClock.now() }
}
