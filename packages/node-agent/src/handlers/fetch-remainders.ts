import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { AgentContext } from './agent-context.js'
import { checkRemainderRequest, remainderName } from './remainder-request.js'

/** What this agent has of keys that somebody would collect, owner or not. */
export function fetchRemaindersHandler(agent: AgentContext) {
  return ({ head }: IncomingRequest<'fetchRemainders'>): Reply<'fetchRemainders'> => {
    const { partition, keys } = head
    checkRemainderRequest(agent, head)
    const remainders = keys.map(key => agent.remainders.examine(remainderName(agent, partition, key)))
    const collection = agent.collections.of(partition)
    return { head: { time: agent.clock.now(), collection, remainders } }
  }
}
