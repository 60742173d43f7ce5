import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { ChangePage } from '../feed/change-log.js'
import type { AgentContext } from './agent-context.js'

type Head = IncomingRequest<'fetchChanges'>['head']

/**
 * A page of the log of changes. It is asked of every agent, whatever it owns: what it noted it noted. Whether a position
 * is of this log, and whether the log reaches back to it, is the asker's to judge from what it says of itself.
 */
export function fetchChangesHandler(agent: AgentContext) {
  return async ({ head }: IncomingRequest<'fetchChanges'>): Promise<Reply<'fetchChanges'>> => {
    agent.clock.observe(head.time)
    const logId = await agent.changes.identity.get(agent.commit)
    // Read in one turn: the bounds are those of the rows.
    const { first, last } = agent.changes
    const from = startOf(agent, head)
    const { changes, position } = page(agent, head, from)
    const time = agent.clock.now()
    return { head: { time, logId, first, last, from, position, changes: [...changes] } }
  }
}

function startOf({ changes }: AgentContext, { after, since }: Head): number {
  if (after !== undefined) return after
  return since === undefined ? changes.last : changes.positionBefore(since)
}

function page({ changes }: AgentContext, { bucketId, prefix, limit }: Head, from: number): ChangePage {
  if (from >= changes.last || from + 1 < changes.first) return { changes: [], position: from }
  return changes.read({ bucketId, prefix, after: from, limit })
}
