import type { IncomingMessage } from 'node:http'
import { TorcError } from '@torc/protocol/errors'
import type { VersionInfo, WriteConditions } from '@torc/protocol/store/object-store'

type Headers = IncomingMessage['headers']

/** What a read comes to by its conditions (RFC 9110 §13.2.2). */
export type ReadVerdict = 'send' | 'not modified' | 'failed'

export function hasReadConditions(headers: Headers): boolean {
  return (
    headers['if-match'] !== undefined ||
    headers['if-none-match'] !== undefined ||
    headers['if-modified-since'] !== undefined ||
    headers['if-unmodified-since'] !== undefined ||
    headers['if-range'] !== undefined
  )
}

export function judgeRead(headers: Headers, info: Pick<VersionInfo, 'etag' | 'createdAt'>): ReadVerdict {
  const match = headers['if-match']
  const noneMatch = headers['if-none-match']
  // Dates of HTTP are whole seconds.
  const modified = Math.floor(info.createdAt.getTime() / 1000) * 1000
  const unmodifiedSince = dateOf(headers['if-unmodified-since'])
  const modifiedSince = dateOf(headers['if-modified-since'])
  if (match !== undefined) {
    if (!names(match, info.etag)) return 'failed'
  } else if (unmodifiedSince !== undefined && modified > unmodifiedSince) return 'failed'
  if (noneMatch !== undefined) return names(noneMatch, info.etag) ? 'not modified' : 'send'
  return modifiedSince !== undefined && modified <= modifiedSince ? 'not modified' : 'send'
}

/** Whether `Range` counts: not where `If-Range` names another state of the object. */
export function rangeApplies(headers: Headers, info: Pick<VersionInfo, 'etag' | 'createdAt'>): boolean {
  const given = headers['if-range']
  if (given === undefined) return true
  const text = Array.isArray(given) ? (given[0] ?? '') : given
  if (text.startsWith('"')) return text === `"${info.etag}"`
  const date = dateOf(text)
  return date !== undefined && Math.floor(info.createdAt.getTime() / 1000) * 1000 === date
}

/** Conditions of a write. BAD_REQUEST for those that the store can't decide: they are never passed over. */
export function writeConditionsOf(headers: Headers): WriteConditions {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers
  if (headers['if-unmodified-since'] !== undefined || headers['if-modified-since'] !== undefined) {
    throw new TorcError('BAD_REQUEST', 'a write can not be made to depend on a date', {
      hint: 'Use If-Match with the version id or the etag that was read.',
    })
  }
  if (noneMatch !== undefined && noneMatch !== '*')
    throw new TorcError('BAD_REQUEST', 'If-None-Match of a write must be *')
  if (match === undefined) return noneMatch === undefined ? {} : { ifNoneMatch: '*' }
  if (noneMatch !== undefined)
    throw new TorcError('BAD_REQUEST', 'a write takes If-Match or If-None-Match, not both')
  const [, quoted, bare] = /^\s*(?:"([^"]{1,128})"|([^\s",*]{1,128}))\s*$/.exec(match) ?? []
  const ifMatch = quoted ?? bare
  if (ifMatch === undefined)
    throw new TorcError('BAD_REQUEST', 'If-Match of a write must name one version id or etag')
  return { ifMatch }
}

/** Whether a list of entity tags, or `*`, names this one. Weak tags count: only equality matters to a read. */
function names(list: string, etag: string): boolean {
  if (list.trim() === '*') return true
  return [...list.matchAll(/(?:W\/)?"([^"]*)"/g)].some(([, tag]) => tag === etag) || list.trim() === etag
}

function dateOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}
