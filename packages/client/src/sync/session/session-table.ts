import type { SyncSession } from '@torc/protocol/store/sync-sessions'
import { formatTime, printable } from '../../output/format.js'

/** Columns of a list of sessions. */
export const sessionHead = ['prefix', 'client', 'folder', 'session', 'begun', 'last seen'] as const

/** A session in these columns, for people or, on pipes, for programs. */
export function sessionRow(session: SyncSession, forPeople: boolean): readonly string[] {
  const { bucket, prefix, client, place, createdAt, seenAt } = session
  const time = (of: Date): string => (forPeople ? formatTime(of) : of.toISOString())
  return [
    printable(prefix === '' ? bucket : `${bucket}/${prefix}`),
    client,
    printable(place),
    session.session,
    time(createdAt),
    time(seenAt),
  ]
}

/** The rows of a list: by bucket and prefix, the sessions of a client together, those that were seen last before others. */
export function sessionRows(
  sessions: readonly SyncSession[],
  forPeople: boolean,
): readonly (readonly string[])[] {
  return [...sessions].sort(compareSessions).map(session => sessionRow(session, forPeople))
}

function compareSessions(a: SyncSession, b: SyncSession): number {
  return (
    compareTexts(a.bucket, b.bucket) ||
    compareTexts(a.prefix, b.prefix) ||
    compareTexts(a.client, b.client) ||
    b.seenAt.getTime() - a.seenAt.getTime() ||
    compareTexts(a.session, b.session)
  )
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
