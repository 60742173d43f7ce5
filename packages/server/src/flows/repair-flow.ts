import type { ResponseOf } from '@torc/protocol/messages/table'
import type { Coordination } from '../core/coordination.js'
import { agentAnswerMs, askLayoutAgents } from './ask-layout-agents.js'

export type RepairAnswer = ResponseOf<'getRepair'>
type AgentAnswer = RepairAnswer['agents'][number]

/** How the anti-entropy of the agents of the layout is. NO_LAYOUT where there is none. */
export async function repairStatus(c: Coordination): Promise<RepairAnswer> {
  return { agents: await askLayoutAgents(c, id => repairOf(c, id)) }
}

/** Asks all agents of the layout to begin a pass, and how they are then. */
export async function startRepair(c: Coordination): Promise<RepairAnswer> {
  const begin = async (id: string): Promise<AgentAnswer> => {
    const { head } = await c.agents.request(id, 'repairReplicas', {}, { timeoutMs: agentAnswerMs })
    return { ...(await repairOf(c, id)), waitFor: head.waitFor }
  }
  return { agents: await askLayoutAgents(c, begin) }
}

async function repairOf(c: Coordination, id: string): Promise<AgentAnswer> {
  const { head } = await c.agents.request(id, 'fetchUsage', {}, { timeoutMs: agentAnswerMs })
  return head.repair === undefined ? { id } : { id, repair: head.repair }
}
