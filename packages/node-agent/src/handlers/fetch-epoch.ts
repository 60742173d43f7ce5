import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { AgentContext } from './agent-context.js'
import { layoutFields } from './put-epoch.js'

/** The layout that this agent has, if any. */
export function fetchEpochHandler(agent: AgentContext) {
  return (_request: IncomingRequest<'fetchEpoch'>): Reply<'fetchEpoch'> => {
    return { head: layoutFields(agent) ?? {} }
  }
}
