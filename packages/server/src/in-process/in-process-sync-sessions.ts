import { hybridToDate } from '@torc/cluster/clocks/hybrid-clock'
import { limits } from '@torc/protocol/limits'
import { bucketName, keyPrefix, text, token } from '@torc/protocol/messages/fields'
import type { CallOptions } from '@torc/protocol/store/object-store'
import type * as y from '@torc/protocol/store/sync-sessions'
import type { Coordination } from '../core/coordination.js'
import type { SyncSessionOperations } from '../core/sync-session-operations.js'
import type { KnownSession } from '../sync-sessions/session-records.js'
import { checkedOperationId } from './operations.js'

const placeField = text(limits.syncPlaceBytesMax)

/** Sync sessions in the coordinator's own process. Its callers are not checked by the message table. */
export class InProcessSyncSessions implements y.SyncSessions {
  readonly #c: Coordination
  readonly #sessions: SyncSessionOperations

  constructor(c: Coordination, sessions: SyncSessionOperations) {
    this.#c = c
    this.#sessions = sessions
  }

  async openSyncSession(bucket: string, options: y.OpenSyncSession): Promise<y.OpenedSyncSession> {
    const { client, session, retry = false, timeoutMs, signal } = options
    const opId = checkedOperationId(options, this.#c.environment.random)
    const { newClient, newSession, ...opened } = await this.#sessions.open({
      bucket: bucketName.check(bucket, 'bucket'),
      prefix: keyPrefix.check(options.prefix, 'prefix'),
      place: placeField.check(options.place, 'place'),
      ...{ client, session, opId, retry, timeoutMs, signal },
    })
    return { ...syncSession(bucket, opened), newClient, newSession }
  }

  async keepSyncSession(
    session: Parameters<y.SyncSessions['keepSyncSession']>[0],
    cursor: string,
    options: CallOptions = {},
  ): Promise<void> {
    await this.#sessions.keep({ ...named(session, options), cursor: token.check(cursor, 'cursor') })
  }

  async syncSessions(bucket: string, options: CallOptions = {}): Promise<readonly y.SyncSession[]> {
    const { timeoutMs, signal } = options
    const operation = { bucket: bucketName.check(bucket, 'bucket'), after: undefined, timeoutMs, signal }
    const sessions: y.SyncSession[] = []
    for await (const known of this.#sessions.all(operation)) sessions.push(syncSession(bucket, known))
    return sessions
  }

  async endSyncSession(
    session: Parameters<y.SyncSessions['endSyncSession']>[0],
    options: CallOptions = {},
  ): Promise<void> {
    await this.#sessions.end(named(session, options))
  }
}

function named(
  { bucket, prefix, client, session }: Parameters<y.SyncSessions['endSyncSession']>[0],
  { timeoutMs, signal }: CallOptions,
) {
  return {
    bucket: bucketName.check(bucket, 'bucket'),
    prefix: keyPrefix.check(prefix, 'prefix'),
    ...{ client, session, timeoutMs, signal },
  }
}

function syncSession(bucket: string, known: KnownSession): y.SyncSession {
  const { prefix, client, session, place, createdAt, seenAt, cursor } = known
  return {
    ...{ bucket, prefix, client, session, place },
    ...{ createdAt: hybridToDate(createdAt), seenAt: hybridToDate(seenAt), cursor },
  }
}
