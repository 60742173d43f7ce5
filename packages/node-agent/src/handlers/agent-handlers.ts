import type { Handlers } from '@torc/protocol/exchange/exchange'
import type { Membership } from '../membership/membership.js'
import type { Scrub } from '../scrub/scrub.js'
import type { AgentContext } from './agent-context.js'
import { fetchBlockHandler } from './fetch-block.js'
import { fetchBlockProofHandler } from './fetch-block-proof.js'
import { fetchBodyHandler } from './fetch-body.js'
import { fetchEpochHandler } from './fetch-epoch.js'
import { fetchKeyHandler } from './fetch-key.js'
import { fetchRangeHandler } from './fetch-range.js'
import { fetchUsageHandler } from './fetch-usage.js'
import { gossipHandler } from './gossip.js'
import { mergeHandler } from './merge.js'
import { mintHandler } from './mint.js'
import { putBlockHandler } from './put-block.js'
import { putEpochHandler } from './put-epoch.js'
import { referBlocksHandler } from './refer-blocks.js'
import { scrubBlocksHandler } from './scrub-blocks.js'
import { setAttributesHandler } from './set-attributes.js'

/** Everything that an agent answers. */
export function agentHandlers(agent: AgentContext, membership: Membership, scrub: Scrub): Handlers {
  return {
    mint: mintHandler(agent),
    merge: mergeHandler(agent),
    setAttributes: setAttributesHandler(agent),
    referBlocks: referBlocksHandler(agent),
    putBlock: putBlockHandler(agent),
    putEpoch: putEpochHandler(agent),
    fetchEpoch: fetchEpochHandler(agent),
    fetchKey: fetchKeyHandler(agent),
    fetchBody: fetchBodyHandler(agent),
    fetchBlock: fetchBlockHandler(agent),
    fetchBlockProof: fetchBlockProofHandler(agent),
    fetchRange: fetchRangeHandler(agent),
    fetchUsage: fetchUsageHandler(agent, scrub),
    scrubBlocks: scrubBlocksHandler(scrub),
    gossip: gossipHandler(agent, membership),
  }
}
