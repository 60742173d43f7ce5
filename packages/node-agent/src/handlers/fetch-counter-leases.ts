import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { AgentContext } from './agent-context.js'

/**
 * What is noted of the actors of an agent. UNAVAILABLE while this agent's own disk counts as an old copy: it may have
 * lost what it answered for, so that it has no vote.
 */
export function fetchCounterLeasesHandler(agent: AgentContext) {
  return ({ head }: IncomingRequest<'fetchCounterLeases'>): Reply<'fetchCounterLeases'> => {
    agent.clock.observe(head.time)
    agent.layout.checkTakesPart()
    const leases = agent.keptLeases.of(head.agent)
    return {
      head: {
        time: agent.clock.now(),
        leases: leases.map(({ actor, leaseEnd }): [string, number] => [actor, leaseEnd]),
      },
    }
  }
}
