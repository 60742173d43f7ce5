import type { ResponseOf } from '@torc/protocol/messages/table'
import type { Coordination } from '../core/coordination.js'
import { agentAnswerMs, askLayoutAgents } from './ask-layout-agents.js'

export type ScrubAnswer = ResponseOf<'getScrub'>
type AgentAnswer = ScrubAnswer['agents'][number]

/** How the scrubs of the agents of the layout are. NO_LAYOUT where there is none. */
export async function scrubStatus(c: Coordination): Promise<ScrubAnswer> {
  return { agents: await askLayoutAgents(c, id => usageOf(c, id)) }
}

/** Asks all agents of the layout to begin a pass, and how they are then. */
export async function startScrub(c: Coordination): Promise<ScrubAnswer> {
  const begin = async (id: string): Promise<AgentAnswer> => {
    const { head } = await c.agents.request(id, 'scrubBlocks', {}, { timeoutMs: agentAnswerMs })
    return { ...(await usageOf(c, id)), waitFor: head.waitFor }
  }
  return { agents: await askLayoutAgents(c, begin) }
}

async function usageOf(c: Coordination, id: string): Promise<AgentAnswer> {
  const { head } = await c.agents.request(id, 'fetchUsage', {}, { timeoutMs: agentAnswerMs })
  const { blocksMissing, blocksCorrupt, blocksRepaired, scrub } = head
  return {
    id,
    ...(blocksMissing === undefined ? {} : { blocksMissing }),
    ...(blocksCorrupt === undefined ? {} : { blocksCorrupt }),
    ...(blocksRepaired === undefined ? {} : { blocksRepaired }),
    ...(scrub === undefined ? {} : { scrub }),
  }
}
