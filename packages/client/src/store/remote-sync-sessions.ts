import type { RequestOf, ResponseOf } from '@torc/protocol/messages/table'
import type { CallOptions } from '@torc/protocol/store/object-store'
import type * as y from '@torc/protocol/store/sync-sessions'
import type { Caller } from '../connection/caller.js'
import { dateOf } from './answers.js'
import type { OperationIds } from './operation-ids.js'
import { again, limitsOf } from './requests.js'

type NamedSession = Parameters<y.SyncSessions['endSyncSession']>[0]

/** The calls on sync sessions. All may be repeated: opening one by its operation id, the rest by its nature. */
export class RemoteSyncSessions implements y.SyncSessions {
  readonly #caller: Caller
  readonly #opIds: OperationIds

  constructor(caller: Caller, opIds: OperationIds) {
    this.#caller = caller
    this.#opIds = opIds
  }

  async openSyncSession(bucket: string, options: y.OpenSyncSession): Promise<y.OpenedSyncSession> {
    const { prefix, place, client, session, retry } = options
    const opId = options.opId ?? this.#opIds.next()
    const request: RequestOf<'openSyncSession'> = { bucket, opId, prefix, place }
    if (client !== undefined) request.client = client
    if (session !== undefined) request.session = session
    if (retry !== undefined) request.retry = retry
    const plan = { ...limitsOf(options), writes: true, repeat: again }
    const { head } = await this.#caller.call('openSyncSession', request, plan)
    const { newClient, newSession } = head
    return { ...syncSessionOf(bucket, head), newClient, newSession }
  }

  async keepSyncSession(session: NamedSession, cursor: string, options: CallOptions = {}): Promise<void> {
    const head = { ...nameOf(session), cursor }
    await this.#caller.call('keepSyncSession', head, { ...limitsOf(options), writes: true })
  }

  async syncSessions(bucket: string, options: CallOptions = {}): Promise<readonly y.SyncSession[]> {
    const sessions: y.SyncSession[] = []
    for (;;) {
      const last = sessions.at(-1)
      const request: RequestOf<'listSyncSessions'> = { bucket }
      if (last !== undefined) request.after = [last.client, last.session]
      const { head } = await this.#caller.call('listSyncSessions', request, limitsOf(options))
      for (const session of head.sessions) sessions.push(syncSessionOf(bucket, session))
      if (!head.more || head.sessions.length === 0) return sessions
    }
  }

  async endSyncSession(session: NamedSession, options: CallOptions = {}): Promise<void> {
    await this.#caller.call('endSyncSession', nameOf(session), { ...limitsOf(options), writes: true })
  }
}

/** Only what names it: callers may give all that they know of a session. */
function nameOf({ bucket, prefix, client, session }: NamedSession): RequestOf<'endSyncSession'> {
  return { bucket, prefix, client, session }
}

function syncSessionOf(
  bucket: string,
  answer: ResponseOf<'listSyncSessions'>['sessions'][number],
): y.SyncSession {
  const { prefix, client, session, place, createdAt, seenAt, cursor } = answer
  return {
    ...{ bucket, prefix, client, session, place },
    ...{ createdAt: dateOf(createdAt), seenAt: dateOf(seenAt), cursor },
  }
}
