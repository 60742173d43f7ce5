import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import { addressedKey } from './addressing.js'
import type { AgentContext } from './agent-context.js'

/**
 * Keeps an intent of an operation, or renews the one that is here.
 *
 * Durable before sent: the intent is committed before the answer leaves, as the first reference to a block follows it.
 */
export function placeIntentHandler(agent: AgentContext) {
  return async (request: IncomingRequest<'placeIntent'>): Promise<Reply<'placeIntent'>> => {
    const { head } = request
    const { bucketId, key } = addressedKey(agent, head)
    const operation = { bucketId, key, opId: head.opId }
    const fresh = await agent.commit.submit(() => agent.intents.place(operation))
    return { head: { time: agent.clock.now(), fresh, expiresMs: agent.intents.expiresMs } }
  }
}
