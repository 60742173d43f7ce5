import { TorcError } from '@torc/protocol/errors'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { AgentContext } from './agent-context.js'

/**
 * Stores a layout, write-once.
 *
 * Durable before sent: the epoch is committed before this agent serves under it or answers.
 */
export function putEpochHandler(agent: AgentContext) {
  return async (request: IncomingRequest<'putEpoch'>): Promise<Reply<'putEpoch'>> => {
    await storeEpoch(agent, request.head.epoch)
    const record = agent.layout.record
    if (record === undefined) throw new TorcError('INTERNAL', 'the layout was stored and is not there')
    return { head: { epoch: record } }
  }
}

/** Stores an epoch that came from a server or another agent, and goes over to it. */
export async function storeEpoch(agent: AgentContext, record: Uint8Array): Promise<void> {
  const before = agent.layout.number
  await agent.commit.submit(() => agent.layout.store(record))
  if (agent.layout.number !== before) agent.log.info({ epoch: agent.layout.number }, 'layout stored')
}
