import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import { stateOf } from '../leases/known-operations.js'
import { operationKey } from './addressing.js'
import type { AgentContext } from './agent-context.js'

/**
 * What this agent knows of operations whose keys it owns. NOT_OWNER where it does not own one of them: an error, as
 * "none" from an agent that cannot know would cost data. With `asHolder` it is asked for what it holds for others.
 */
export function fetchOperationsHandler(agent: AgentContext) {
  return async (request: IncomingRequest<'fetchOperations'>): Promise<Reply<'fetchOperations'>> => {
    const { operations, ...asked } = request.head
    const known = operations.map(({ bucketId, key: name, opId }) => {
      const { key } = operationKey(agent, { ...asked, bucketId, key: name })
      return stateOf(agent, { bucketId, key, opId })
    })
    return { head: { time: agent.clock.now(), known } }
  }
}
