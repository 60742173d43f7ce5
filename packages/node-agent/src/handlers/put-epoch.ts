import { TorcError } from '@torc/protocol/errors'
import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { ResponseOf } from '@torc/protocol/messages/table'
import type { SentLayout } from '../layout/agent-layout.js'
import type { AgentContext } from './agent-context.js'

/**
 * Stores a layout, write-once.
 *
 * Durable before sent: the epoch is committed before this agent serves under it or answers.
 */
export function putEpochHandler(agent: AgentContext) {
  return async (request: IncomingRequest<'putEpoch'>): Promise<Reply<'putEpoch'>> => {
    const { epoch, ...rest } = request.head
    await storeEpoch(agent, { record: epoch, ...rest })
    const head = layoutFields(agent)
    if (head === undefined) throw new TorcError('INTERNAL', 'the layout was stored and is not there')
    return { head }
  }
}

/** Stores an epoch, or a stage of it, that came from a server or another agent, and goes over to it. */
export async function storeEpoch(agent: AgentContext, sent: SentLayout): Promise<void> {
  const { number, stage } = agent.layout
  await agent.commit.submit(() => agent.layout.store(sent))
  const { layout } = agent
  if (layout.number !== number || layout.stage !== stage)
    agent.log.info({ epoch: layout.number, stage: layout.stage }, 'layout stored')
}

/** The layout that this agent has, as it travels. */
export function layoutFields({ layout }: AgentContext): ResponseOf<'putEpoch'> | undefined {
  const { sent } = layout
  if (sent === undefined) return undefined
  const { record, previous, stage } = sent
  return { epoch: record, ...(stage === undefined ? {} : { stage }), ...(previous && { previous }) }
}
