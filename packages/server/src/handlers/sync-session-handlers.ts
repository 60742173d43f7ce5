import type { Handlers } from '@torc/protocol/exchange/exchange'
import { limits } from '@torc/protocol/limits'
import type { ResponseOf } from '@torc/protocol/messages/table'
import type { SyncSessionOperations } from '../core/sync-session-operations.js'
import type { KnownSession } from '../sync-sessions/session-records.js'

type SessionAnswer = ResponseOf<'listSyncSessions'>['sessions'][number]

/** A page must fit the head of a frame, whatever its cursors. */
const pageBytesMax = limits.headBytesMax / 2
/** Of a session on the wire, without its texts (an upper bound). */
const sessionBytes = 192

/** What clients ask about who syncs folders with a bucket. */
export function syncSessionHandlers(sessions: SyncSessionOperations): Handlers {
  return {
    async openSyncSession({ head, signal }) {
      const { bucket, prefix, place, client, session, opId, retry = false } = head
      const operation = { bucket, prefix, place, client, session, opId, retry, timeoutMs, signal }
      const { newClient, newSession, ...opened } = await sessions.open(operation)
      return { head: { ...sessionAnswer(opened), newClient, newSession } }
    },
    async keepSyncSession({ head, signal }) {
      const { bucket, prefix, client, session, cursor } = head
      await sessions.keep({ bucket, prefix, client, session, cursor, timeoutMs, signal })
      return { head: {} }
    },
    async listSyncSessions({ head, signal }) {
      const { bucket } = head
      const after = head.after === undefined ? undefined : { client: head.after[0], session: head.after[1] }
      const page: SessionAnswer[] = []
      let bytes = 0
      for await (const session of sessions.all({ bucket, after, timeoutMs, signal })) {
        bytes += bytesOf(session)
        const isFull = bytes > pageBytesMax || page.length === limits.syncSessionsMax
        if (isFull && page.length > 0) return { head: { sessions: page, more: true } }
        page.push(sessionAnswer(session))
      }
      return { head: { sessions: page, more: false } }
    },
    async endSyncSession({ head }) {
      const { bucket, prefix, client, session } = head
      await sessions.end({ bucket, prefix, client, session, timeoutMs, signal: undefined })
      return { head: {} }
    },
  }
}

/** The requester's own deadline ends a request; in between, agents have theirs. */
const timeoutMs = undefined

function sessionAnswer(known: KnownSession): SessionAnswer {
  const { prefix, client, session, place, createdAt, seenAt, cursor } = known
  const answer: SessionAnswer = { prefix, client, session, place, createdAt, seenAt }
  if (cursor !== undefined) answer.cursor = cursor
  return answer
}

function bytesOf({ prefix, place, cursor = '' }: KnownSession): number {
  return sessionBytes + Buffer.byteLength(prefix) + Buffer.byteLength(place) + cursor.length
}
