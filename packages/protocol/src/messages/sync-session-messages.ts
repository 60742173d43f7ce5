import { limits } from '../limits.js'
import { reads } from './access.js'
import * as f from './fields.js'
import { define, interactive, noBodies, users } from './message.js'

const syncId = f.text(64, 1)

const sessionName = {
  bucket: f.note('The bucket', f.bucketName),
  prefix: f.note('What the keys begin with: ends with `/` unless it is empty', f.keyPrefix),
  client: f.note('Id of the client', syncId),
  session: f.note('Id of the session', syncId),
}

/** What is told of a session beside its bucket. */
const sessionFields = {
  prefix: f.note('What the keys begin with', f.keyPrefix),
  client: f.note('Id of the client: 26 characters of lower-case base32', syncId),
  session: f.note('Id of the session: likewise', syncId),
  place: f.note('What people know the folder by', f.text(limits.syncPlaceBytesMax)),
  createdAt: f.note('Hybrid time at which the session was made', f.hybridTime),
  seenAt: f.note('Hybrid time at which it was opened or told its cursor last', f.hybridTime),
  cursor: f.note('Its place in the feed of changes; absent before it first told', f.optional(f.token)),
}

/**
 * What clients ask about who syncs folders with a bucket. A session says nothing of what is in the bucket: who may read
 * it may sync from it, and so may tell where the folder is.
 */
export const syncSessionMessages = {
  openSyncSession: define({
    doc: 'Makes a session of a folder that is synced with a prefix, or finds it again. A `client` or `session` that is not known for this bucket and prefix is made anew, under another id. CONFLICT where the bucket has too many sessions.',
    frame: 'PUT',
    op: 'sync-session',
    from: users,
    access: reads,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.note('The bucket', f.bucketName),
      opId: f.note('16 random bytes, the same for each retry; ids that are made derive from them', f.opId),
      prefix: sessionName.prefix,
      place: f.note('What people know the folder by: `host:/path`', f.text(limits.syncPlaceBytesMax)),
      client: f.note('The client, where there was one', f.optional(syncId)),
      session: f.note('The session, where there was one; not without `client`', f.optional(syncId)),
      retry: f.note('Sent before under this opId', f.optional(f.boolean)),
    },
    response: {
      ...sessionFields,
      newClient: f.note('The client was made: the cluster did not know it', f.boolean),
      newSession: f.note('The session was made: the cluster did not know it, or no longer', f.boolean),
    },
  }),
  keepSyncSession: define({
    doc: 'Tells where a session is in the feed of changes. One that is not heard of for 30 days is forgotten. SESSION_NOT_FOUND where it is not known.',
    frame: 'PUT',
    op: 'sync-cursor',
    from: users,
    access: reads,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: { ...sessionName, cursor: f.note('Its place in the feed', f.token) },
    response: {},
  }),
  listSyncSessions: define({
    doc: 'One page of the sessions of a bucket, by client.',
    frame: 'LIST',
    op: 'sync-sessions',
    from: users,
    access: reads,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: {
      bucket: f.note('The bucket', f.bucketName),
      after: f.note(
        'Client and session of the last one of the page before',
        f.optional(f.pair(syncId, syncId)),
      ),
    },
    response: {
      sessions: f.note('The page', f.list(f.map(sessionFields), limits.syncSessionsMax)),
      more: f.note('More sessions follow', f.boolean),
    },
  }),
  endSyncSession: define({
    doc: 'Forgets a session, and its client with its last one. One that is not known is no error.',
    frame: 'DELETE',
    op: 'sync-session',
    from: users,
    access: reads,
    to: ['server'],
    ...interactive,
    ...noBodies,
    request: sessionName,
    response: {},
  }),
} as const
