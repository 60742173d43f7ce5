import type { Membership } from '@torc/cluster/membership/membership'
import type { Handlers } from '@torc/protocol/exchange/exchange'
import type { CounterLeases } from '../actors/counter-leases.js'
import type { Collection } from '../collection/collection.js'
import type { Recovery } from '../consensus/recovery.js'
import type { HintDelivery } from '../hints/hint-delivery.js'
import type { RemainderCollection } from '../remainders/remainder-collection.js'
import type { Repair } from '../repair/repair.js'
import type { Scrub } from '../scrub/scrub.js'
import type { Transition } from '../transition/transition.js'
import { acceptHandler } from './accept.js'
import { afterCheck } from './after-check.js'
import type { AgentContext } from './agent-context.js'
import { dropRemaindersHandler, raiseCollectionHandler } from './collect-remainders.js'
import { fetchBallotsHandler } from './fetch-ballots.js'
import { fetchBlockHandler } from './fetch-block.js'
import { fetchBlockProofHandler } from './fetch-block-proof.js'
import { fetchBlockStatesHandler } from './fetch-block-states.js'
import { fetchBodyHandler } from './fetch-body.js'
import { fetchChangesHandler } from './fetch-changes.js'
import { fetchChangesTailHandler } from './fetch-changes-tail.js'
import { fetchCounterLeasesHandler } from './fetch-counter-leases.js'
import { fetchEpochHandler } from './fetch-epoch.js'
import { fetchKeyHandler } from './fetch-key.js'
import { fetchLeafBlocksHandler, fetchLeafKeysHandler } from './fetch-leaf.js'
import { fetchOperationsHandler } from './fetch-operations.js'
import { fetchRangeHandler } from './fetch-range.js'
import { fetchRemaindersHandler } from './fetch-remainders.js'
import { fetchTransitionHandler } from './fetch-transition.js'
import { fetchLeavesHandler, fetchRootsHandler } from './fetch-tree.js'
import { fetchUsageHandler } from './fetch-usage.js'
import { learnHandler } from './learn.js'
import { mergeHandler } from './merge.js'
import { mintHandler } from './mint.js'
import { placeIntentHandler } from './place-intent.js'
import { prepareHandler } from './prepare.js'
import { putBlockHandler } from './put-block.js'
import { putCounterLeaseHandler } from './put-counter-lease.js'
import { putEpochHandler } from './put-epoch.js'
import { referBlocksHandler } from './refer-blocks.js'
import { releaseOperationsHandler } from './release-operations.js'
import { repairReplicasHandler } from './repair-replicas.js'
import { scrubBlocksHandler } from './scrub-blocks.js'
import { setAttributesHandler } from './set-attributes.js'
import { acceptEpochHandler, prepareEpochHandler } from './vote-epoch.js'

/** What an agent does beside answering. */
export interface BackgroundWork {
  readonly scrub: Scrub
  readonly collection: Collection
  readonly delivery: HintDelivery
  readonly counterLeases: CounterLeases
  readonly repair: Repair
  readonly transition: Transition
  readonly recovery: Recovery
  readonly remainders: RemainderCollection
}

/** Everything that an agent answers. */
export function agentHandlers(agent: AgentContext, membership: Membership, work: BackgroundWork): Handlers {
  const { scrub, collection, counterLeases, repair } = work
  return {
    mint: afterCheck(counterLeases, mintHandler(agent)),
    merge: afterCheck(counterLeases, mergeHandler(agent)),
    setAttributes: afterCheck(counterLeases, setAttributesHandler(agent)),
    prepare: afterCheck(counterLeases, prepareHandler(agent)),
    accept: afterCheck(counterLeases, acceptHandler(agent)),
    learn: afterCheck(counterLeases, learnHandler(agent)),
    placeIntent: placeIntentHandler(agent),
    fetchOperations: fetchOperationsHandler(agent),
    releaseOperations: releaseOperationsHandler(agent, collection),
    referBlocks: referBlocksHandler(agent),
    putBlock: putBlockHandler(agent),
    putEpoch: putEpochHandler(agent),
    fetchEpoch: fetchEpochHandler(agent),
    prepareEpoch: prepareEpochHandler(agent),
    acceptEpoch: acceptEpochHandler(agent),
    fetchBallots: fetchBallotsHandler(agent),
    fetchTransition: fetchTransitionHandler(work.transition),
    fetchKey: afterCheck(counterLeases, fetchKeyHandler(agent)),
    fetchBody: fetchBodyHandler(agent),
    fetchBlock: fetchBlockHandler(agent),
    fetchBlockProof: fetchBlockProofHandler(agent),
    fetchBlockStates: fetchBlockStatesHandler(agent),
    fetchRange: afterCheck(counterLeases, fetchRangeHandler(agent)),
    fetchChanges: afterCheck(counterLeases, fetchChangesHandler(agent)),
    fetchChangesTail: afterCheck(counterLeases, fetchChangesTailHandler(agent)),
    putCounterLease: putCounterLeaseHandler(agent),
    fetchCounterLeases: fetchCounterLeasesHandler(agent),
    fetchUsage: fetchUsageHandler(agent, work),
    fetchRoots: fetchRootsHandler(agent),
    fetchLeaves: fetchLeavesHandler(agent),
    fetchLeafKeys: fetchLeafKeysHandler(agent),
    fetchLeafBlocks: fetchLeafBlocksHandler(agent),
    fetchRemainders: afterCheck(counterLeases, fetchRemaindersHandler(agent)),
    raiseCollection: afterCheck(counterLeases, raiseCollectionHandler(agent)),
    dropRemainders: afterCheck(counterLeases, dropRemaindersHandler(agent)),
    repairReplicas: repairReplicasHandler(repair),
    scrubBlocks: scrubBlocksHandler(scrub),
    ...membership.handlers,
  }
}
