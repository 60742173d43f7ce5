import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import { writtenKey } from './addressing.js'
import type { AgentContext } from './agent-context.js'

/**
 * Keeps an intent of an operation, or renews the one that is here. The hint of a fallback follows with its mint.
 *
 * Durable before sent: the intent is committed before the answer leaves, as the first reference to a block follows it.
 */
export function placeIntentHandler(agent: AgentContext) {
  return async (request: IncomingRequest<'placeIntent'>): Promise<Reply<'placeIntent'>> => {
    const { head } = request
    const { name, targets } = writtenKey(agent, head)
    const operation = { bucketId: name.bucketId, key: name.key, opId: head.opId }
    const fresh = await agent.commit.submit(() => {
      agent.hints.counts.checkRoom(targets.length, 0)
      // Audits ask an agent that is no owner because gossip says that it holds something.
      if (targets.length > 0) agent.hints.partitions.intent(name.partition)
      return agent.intents.place(operation)
    })
    return { head: { time: agent.clock.now(), fresh, expiresMs: agent.intents.expiresMs } }
  }
}
