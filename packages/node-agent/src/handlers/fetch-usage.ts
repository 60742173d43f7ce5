import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { AgentContext } from './agent-context.js'

/** How much this agent holds, and what it has read and written of it since it started. `usedBytes`: pages of the index and bytes of blocks. */
export function fetchUsageHandler(agent: AgentContext) {
  return async (_request: IncomingRequest<'fetchUsage'>): Promise<Reply<'fetchUsage'>> => {
    const { database } = agent
    const pages = Number(database.pragma('page_count', { simple: true }))
    const pageBytes = Number(database.pragma('page_size', { simple: true }))
    const { keys, versions, blocks, blockBytes } = agent.counts.values
    const usedBytes = pages * pageBytes + blockBytes
    const freeBytes = Math.min(await agent.disk.freeBytes(), Number.MAX_SAFE_INTEGER)
    const { read: rowsRead, written: rowsWritten } = agent.index.rows.counts
    const actors = agent.lease.actors()
    return { head: { usedBytes, freeBytes, keys, versions, blocks, actors, rowsRead, rowsWritten } }
  }
}
