import type { CallOptions } from './object-store.js'

/**
 * Who syncs folders with a bucket, as the cluster keeps it. A *client* is one prefix of a bucket with an id; a *session* is one
 * folder on one machine. Any number of sessions per client, each with its own cursor in the feed of changes.
 */
export interface SyncSession {
  readonly bucket: string
  /** Ends with `/` unless it is empty. */
  readonly prefix: string
  /** Id of the client: 26 characters of lower-case base32. */
  readonly client: string
  /** Id of the session: likewise. */
  readonly session: string
  /** What people know the folder by: `host:/path`. */
  readonly place: string
  readonly createdAt: Date
  /** When the session last told its cursor. */
  readonly seenAt: Date
  /** Where its folder is in the feed; undefined before it first told. */
  readonly cursor: string | undefined
}

export interface OpenSyncSession extends CallOptions {
  readonly prefix: string
  readonly place: string
  /** Absent, or one that the cluster does not know for this bucket and prefix: a new one is made. */
  readonly client?: string | undefined
  /** Absent, unknown, or expired: a new one is made. */
  readonly session?: string | undefined
}

export interface OpenedSyncSession extends SyncSession {
  /** The cluster did not know the client: what the folder has is uploaded. */
  readonly newClient: boolean
  /** The cluster did not know the session, or forgot it because it was idle too long: its folder reads everything again. */
  readonly newSession: boolean
}

export interface SyncSessions {
  openSyncSession(bucket: string, options: OpenSyncSession): Promise<OpenedSyncSession>
  /** Tells where a session is: at least once a day, or it expires after 30 days. SESSION_NOT_FOUND where it is unknown. */
  keepSyncSession(
    session: Pick<SyncSession, 'bucket' | 'prefix' | 'client' | 'session'>,
    cursor: string,
    options?: CallOptions,
  ): Promise<void>
  /** All sessions of a bucket, by client. */
  syncSessions(bucket: string, options?: CallOptions): Promise<readonly SyncSession[]>
  /** Forgets a session; its client goes with its last one. */
  endSyncSession(
    session: Pick<SyncSession, 'bucket' | 'prefix' | 'client' | 'session'>,
    options?: CallOptions,
  ): Promise<void>
}
