import { TorcError } from '@torc/protocol/errors'
import type { BucketView } from '../buckets/bucket-record.js'

/** A session as its folder names it. */
export interface SessionName {
  readonly client: string
  readonly session: string
}

/** No id has it, so that the sessions of a client are together. */
const separator = '/'
/** Ids: 16 bytes in lower-case base32. */
const idPattern = /^[a-z2-7]{26}$/

/** Key of a session's record; undefined for ids that no session can have. */
export function sessionKey({ client, session }: SessionName): string | undefined {
  return idPattern.test(client) && idPattern.test(session) ? client + separator + session : undefined
}

export function readSessionKey(key: string): SessionName {
  const at = key.indexOf(separator)
  return { client: key.slice(0, at), session: key.slice(at + 1) }
}

export function sessionNotFound(bucket: BucketView, { client, session }: SessionName): TorcError {
  return new TorcError(
    'SESSION_NOT_FOUND',
    `bucket ${bucket.name} knows no session ${session} of the sync client ${client}`,
  )
}
