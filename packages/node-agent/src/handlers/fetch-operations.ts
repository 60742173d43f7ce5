import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import { stateOf } from '../leases/known-operations.js'
import { addressedKey } from './addressing.js'
import type { AgentContext } from './agent-context.js'

/**
 * What this agent knows of operations whose keys it owns. NOT_OWNER where it does not own one of them: an error, as
 * "none" from an agent that cannot know would cost data.
 */
export function fetchOperationsHandler(agent: AgentContext) {
  return async (request: IncomingRequest<'fetchOperations'>): Promise<Reply<'fetchOperations'>> => {
    const { epoch, stage, time, operations } = request.head
    const known = operations.map(({ bucketId, key: name, opId }) => {
      const { key } = addressedKey(agent, { epoch, stage, time, bucketId, key: name })
      return stateOf(agent.index, agent.intents, { bucketId, key, opId })
    })
    return { head: { time: agent.clock.now(), known } }
  }
}
