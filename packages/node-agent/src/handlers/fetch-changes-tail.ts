import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { AgentContext } from './agent-context.js'

/** Held until the log has grown; tells which buckets it grew by. */
export function fetchChangesTailHandler(agent: AgentContext) {
  return async (request: IncomingRequest<'fetchChangesTail'>): Promise<Reply<'fetchChangesTail'>> => {
    const { logId: known, after, waitMs } = request.head
    const { changes } = agent
    const before = await changes.identity.get(agent.commit)
    if (after !== undefined && known !== undefined && Buffer.compare(known, before) === 0)
      await agent.tailWaits.beyond(after, waitMs, request.signal)
    const logId = await changes.identity.get(agent.commit)
    const isSame = known !== undefined && Buffer.compare(known, logId) === 0
    const buckets = isSame && after !== undefined ? changes.bucketsAfter(after) : undefined
    const head = { logId, last: changes.last }
    return { head: buckets === undefined ? head : { ...head, buckets } }
  }
}
