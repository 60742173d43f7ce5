import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { Membership } from '../membership/membership.js'
import type { AgentContext } from './agent-context.js'

/** Full exchange of the member table. */
export function gossipHandler(agent: AgentContext, membership: Membership) {
  return (request: IncomingRequest<'gossip'>): Reply<'gossip'> => {
    membership.hear(request.head.members)
    return { head: { members: membership.members(), epoch: agent.layout.number } }
  }
}
