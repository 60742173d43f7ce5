import type { VersionInfo } from '@torc/protocol/store/object-store'
import type { Versioning } from '../bucket-facts.js'
import { checksumHeaders, storedChecksum } from '../checksums/stored-checksums.js'
import { headerPrefix, isReserved, keptHeaders } from '../request/stored-names.js'
import { type AnswerHeaders, fitsHeader } from './answer.js'

const tokenPattern = /^[a-z0-9!#$%&'*+.^_`|~-]+$/

/** The headers of an object that is read, but for its length. */
export function objectHeaders(
  info: VersionInfo,
  versionId: string | undefined,
  withChecksum: boolean,
): AnswerHeaders {
  return {
    'last-modified': info.createdAt.toUTCString(),
    etag: quoted(info.etag),
    'content-type': fitsHeader(info.contentType) ? info.contentType : undefined,
    'accept-ranges': 'bytes',
    'x-amz-version-id': versionId,
    ...metadataHeaders(info),
    ...(withChecksum ? checksumHeaders(storedChecksum(info.metadata)) : {}),
    ...siblingsHeader(info.siblings),
  }
}

export function quoted(etag: string): string {
  return `"${etag}"`
}

/** Other heads, where the key was written to at the same time: the latest one is what S3 shows. */
export function siblingsHeader(siblings: readonly string[]): AnswerHeaders {
  return siblings.length === 0 ? {} : { 'x-torc-siblings': siblings.join(',') }
}

/** What S3 calls a version that is read; undefined in buckets that never had versions. */
export function shownVersionId(
  { isNull, versionId }: Pick<VersionInfo, 'isNull' | 'versionId'>,
  versioning: Versioning,
): string | undefined {
  if (!isNull) return versionId
  return versioning === 'unversioned' ? undefined : 'null'
}

/** What the answer of a write calls its version: S3 tells no id of null versions there. */
export function writtenVersionId(versionId: string, versioning: Versioning): string | undefined {
  return versioning === 'enabled' ? versionId : undefined
}

/** Pairs that can be no header, because of another face's liberty, are counted instead of sent, as S3 does. */
function metadataHeaders({ metadata }: Pick<VersionInfo, 'metadata'>): AnswerHeaders {
  const headers: Record<string, string | number> = {}
  let missing = 0
  for (const [name, value] of metadata) {
    if (isReserved(name)) {
      const kept = keptHeaders.find(header => name === headerPrefix + header)
      if (kept !== undefined && fitsHeader(value)) headers[kept] = value
      continue
    }
    const header = name.toLowerCase()
    const sent = `x-amz-meta-${header}`
    if (tokenPattern.test(header) && fitsHeader(value) && !(sent in headers)) headers[sent] = value
    else missing++
  }
  if (missing > 0) headers['x-amz-missing-meta'] = missing
  return headers
}
