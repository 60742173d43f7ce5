import type { Handlers } from '@torc/protocol/exchange/exchange'
import { limits } from '@torc/protocol/limits'
import type { ResponseOf } from '@torc/protocol/messages/table'
import type { Watches } from '../feed/watches.js'

/** What clients ask about changes. */
export function feedHandlers(watches: Watches): Handlers {
  return {
    async watchBucket({ head, signal }) {
      const { bucket, prefix = '', cursor, waitMs = 0, limit = limits.feedBatchMax } = head
      const batch = await watches.watch({
        bucket,
        prefix,
        cursor,
        waitMs,
        limit,
        timeoutMs: undefined,
        signal,
      })
      const changes = batch.changes.map(({ key, versionId, kind, type, createdAt }) => ({
        ...{ key, versionId, kind, type, createdAt },
      }))
      const answer: ResponseOf<'watchBucket'> = { changes, cursor: batch.cursor }
      if (batch.reset) answer.reset = true
      if (batch.more) answer.more = true
      return { head: answer }
    },
  }
}
