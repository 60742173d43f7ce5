import { randomBytes } from 'node:crypto'
import { TorcError } from '@torc/protocol/errors'
import { base32 } from '@torc/protocol/identifiers/base32'
import { limits } from '@torc/protocol/limits'
import type * as y from '@torc/protocol/store/sync-sessions'

type NamedSession = Parameters<y.SyncSessions['endSyncSession']>[0]

export interface SessionsSurroundings {
  check(bucket: string): void
  now(): Date
}

/** Sync sessions of a store that is not there. */
export class MemorySyncSessions implements y.SyncSessions {
  readonly #surroundings: SessionsSurroundings
  readonly #held = new Map<string, y.SyncSession>()

  constructor(surroundings: SessionsSurroundings) {
    this.#surroundings = surroundings
  }

  async openSyncSession(bucket: string, options: y.OpenSyncSession): Promise<y.OpenedSyncSession> {
    const { prefix, place } = options
    const known = await this.syncSessions(bucket)
    if (prefix !== '' && !prefix.endsWith('/')) throw new TorcError('BAD_REQUEST', 'the prefix has no end')
    const ofClient = known.filter(one => one.client === options.client && one.prefix === prefix)
    const found = ofClient.find(({ session }) => session === options.session)
    const now = this.#surroundings.now()
    const session: y.SyncSession = {
      ...{ bucket, prefix, place, seenAt: now },
      client: ofClient[0]?.client ?? makeId(),
      session: found?.session ?? makeId(),
      createdAt: found?.createdAt ?? now,
      cursor: found?.cursor,
    }
    this.#held.set(keyOf(session), session)
    return { ...session, newClient: ofClient.length === 0, newSession: found === undefined }
  }

  async keepSyncSession(named: NamedSession, cursor: string): Promise<void> {
    const known = await this.syncSessions(named.bucket)
    const found = known.find(one => keyOf(one) === keyOf(named) && one.prefix === named.prefix)
    if (found === undefined) throw new TorcError('SESSION_NOT_FOUND', `there is no session ${named.session}`)
    this.#held.set(keyOf(found), { ...found, cursor, seenAt: this.#surroundings.now() })
  }

  async syncSessions(bucket: string): Promise<readonly y.SyncSession[]> {
    this.#surroundings.check(bucket)
    const oldestMs = this.#surroundings.now().getTime() - limits.syncSessionIdleMs
    for (const [key, { seenAt }] of this.#held) if (seenAt.getTime() < oldestMs) this.#held.delete(key)
    const sessions = [...this.#held.values()].filter(one => one.bucket === bucket)
    return sessions.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  }

  async endSyncSession(named: NamedSession): Promise<void> {
    this.#surroundings.check(named.bucket)
    if (this.#held.get(keyOf(named))?.prefix === named.prefix) this.#held.delete(keyOf(named))
  }

  /** With its bucket. */
  drop(bucket: string): void {
    for (const [key, one] of this.#held) if (one.bucket === bucket) this.#held.delete(key)
  }
}

function keyOf({ bucket, client, session }: NamedSession): string {
  return `${bucket} ${client}/${session}`
}

function makeId(): string {
  return base32(randomBytes(16))
}
