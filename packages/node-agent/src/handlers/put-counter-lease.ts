import { actorId } from '@torc/cluster/clocks/dot'
import { TorcError } from '@torc/protocol/errors'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { AgentContext } from './agent-context.js'

/**
 * Notes how far another agent may count as an actor. DENIED where it is not that agent which says so, NOT_OWNER where it
 * has no place in the layout: what is kept is bounded by the layout, whatever peers send.
 *
 * Durable before sent: the end is committed before the answer leaves, as the other agent counts up to it then.
 */
export function putCounterLeaseHandler(agent: AgentContext) {
  return async ({ head, peer }: IncomingRequest<'putCounterLease'>): Promise<Reply<'putCounterLease'>> => {
    agent.clock.observe(head.time)
    if (peer.role !== 'agent' || peer.id !== head.agent)
      throw new TorcError('DENIED', `${peer.id} cannot lease counters for ${head.agent}`)
    if (!agent.layout.agents.includes(head.agent)) {
      throw new TorcError('NOT_OWNER', `agent ${head.agent} has no place in layout ${agent.layout.number}`)
    }
    const lease = { actor: actorId(head.actor), leaseEnd: head.leaseEnd }
    const leaseEnd = await agent.commit.submit(() => agent.keptLeases.put(head.agent, lease))
    return { head: { time: agent.clock.now(), leaseEnd } }
  }
}
