import { TorcError } from '@torc/protocol/errors'
import type { VersionInfo, WriteConditions } from '@torc/protocol/store/object-store'
import { S3Error } from '../errors/s3-error.js'
import type { S3Call } from '../s3-call.js'

/** Headers under which a version is to be read. */
export interface ReadConditions {
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
  readonly ifModifiedSince: string | undefined
  readonly ifUnmodifiedSince: string | undefined
}

export type Version = Pick<VersionInfo, 'etag' | 'createdAt'>

export function readConditions(call: S3Call): ReadConditions {
  return {
    ifMatch: call.header('if-match'),
    ifNoneMatch: call.header('if-none-match'),
    ifModifiedSince: call.header('if-modified-since'),
    ifUnmodifiedSince: call.header('if-unmodified-since'),
  }
}

/** The same of a copy's source. */
export function sourceConditions(call: S3Call): ReadConditions {
  return {
    ifMatch: call.header('x-amz-copy-source-if-match'),
    ifNoneMatch: call.header('x-amz-copy-source-if-none-match'),
    ifModifiedSince: call.header('x-amz-copy-source-if-modified-since'),
    ifUnmodifiedSince: call.header('x-amz-copy-source-if-unmodified-since'),
  }
}

/** Which condition of a read does not hold (RFC 9110 §13.2.2); undefined where all do. */
export function failedCondition(
  conditions: ReadConditions,
  version: Version,
): 'precondition' | 'not-modified' | undefined {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions
  if (ifMatch !== undefined) {
    if (!namesEtag(ifMatch, version.etag)) return 'precondition'
  } else if (isLater(version, ifUnmodifiedSince) === true) return 'precondition'
  if (ifNoneMatch !== undefined) {
    if (namesEtag(ifNoneMatch, version.etag)) return 'not-modified'
  } else if (isLater(version, ifModifiedSince) === false) return 'not-modified'
  return undefined
}

/** Whether a list of etags, each in quotes or not, has this one. */
export function namesEtag(list: string, etag: string): boolean {
  if (list.trim() === '*') return true
  return list.split(',').some(item => unquoted(item) === etag)
}

export function unquoted(etag: string): string {
  return etag
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1')
}

/** Whether the version was made after the date, in whole seconds as headers tell them; undefined for no date. */
function isLater({ createdAt }: Version, date: string | undefined): boolean | undefined {
  const ms = date === undefined ? Number.NaN : Date.parse(date)
  if (Number.isNaN(ms)) return undefined
  return Math.floor(createdAt.getTime() / 1000) > Math.floor(ms / 1000)
}

/**
 * The conditions of a write. The etag of `If-Match` is looked up, and the version that has it is what the store then
 * compares: an etag that is cut short must not match as the beginning of a version's id.
 */
export async function writeConditions(call: S3Call): Promise<WriteConditions> {
  const ifNoneMatch = call.header('if-none-match')
  const ifMatch = call.header('if-match')
  if (ifNoneMatch !== undefined && ifMatch !== undefined)
    throw new S3Error('InvalidRequest', { message: 'If-Match and If-None-Match exclude each other.' })
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() !== '*') {
      throw new S3Error('NotImplemented', {
        message: 'A write with If-None-Match takes only * as its value.',
      })
    }
    return { ifNoneMatch: '*' }
  }
  if (ifMatch === undefined) return {}
  return { ifMatch: (await matchedVersion(call, call.key, undefined, ifMatch)).versionId }
}

/**
 * A version of a key (the latest when none is named) whose etag the list has. NoSuchKey or NoSuchVersion where there is
 * none, PreconditionFailed where it has another.
 */
export async function matchedVersion(
  call: S3Call,
  key: string,
  versionId: string | undefined,
  ifMatch: string,
): Promise<VersionInfo> {
  const info = await call.store.head(call.bucket, key, { ...call.options, versionId })
  if (!namesEtag(ifMatch, info.etag)) throw preconditionFailed('If-Match')
  return info
}

export function preconditionFailed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', { elements: { Condition: condition } })
}

/** Whether the store says that there is no such object, key or version. */
export function isAbsent(thrown: unknown): boolean {
  const { code } = TorcError.from(thrown)
  return code === 'KEY_NOT_FOUND' || code === 'VERSION_NOT_FOUND' || code === 'VERSION_REMOVED'
}
