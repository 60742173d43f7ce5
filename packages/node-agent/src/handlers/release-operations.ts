import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { Collection } from '../collection/collection.js'
import type { AgentContext } from './agent-context.js'

/**
 * Takes note that versions were removed: the leases of their operations are due for an audit. The owner of the key
 * forgets that it had to tell once this is answered.
 *
 * Durable before sent: what is due is committed before the answer leaves.
 */
export function releaseOperationsHandler(agent: AgentContext, collection: Collection) {
  return async (request: IncomingRequest<'releaseOperations'>): Promise<Reply<'releaseOperations'>> => {
    const { time, operations } = request.head
    agent.clock.observe(time)
    await collection.released(operations.map(one => ({ ...one, key: Buffer.from(one.key) })))
    return { head: { time: agent.clock.now() } }
  }
}
