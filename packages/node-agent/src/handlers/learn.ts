import { encodeContext } from '@torc/cluster/clocks/causal-context'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import { addressedKey } from './addressing.js'
import type { AgentContext } from './agent-context.js'

/** Joins what was accepted under a ballot, and is chosen, into the key's state. Durable before it is answered. */
export function learnHandler(agent: AgentContext) {
  return async ({ head }: IncomingRequest<'learn'>): Promise<Reply<'learn'>> => {
    const name = { ...addressedKey(agent, head), replicas: head.replicas }
    const { outcome, summary } = await agent.register.learn(name, head.ballot, () =>
      agent.layout.checkStill(head.epoch, head.stage),
    )
    return { head: { time: agent.clock.now(), outcome, context: encodeContext(summary.closed) } }
  }
}
