import type { HistoryEntry, ListPage } from '@torc/protocol/store/object-store'
import { S3Error } from '../errors/s3-error.js'
import { isAbsent } from '../request/conditions.js'
import { checkedVersionId, pageSizeOf } from '../request/parameters.js'
import { answerXml } from '../response/answer.js'
import { quoted } from '../response/object-headers.js'
import { ownerElement } from '../response/owner.js'
import type { S3Call } from '../s3-call.js'
import type { XmlElement } from '../xml/xml-writer.js'
import {
  isVersion,
  type KeyEncoding,
  keyEncodingOf,
  type ListedVersion,
  prefixElements,
} from './listing-elements.js'

/**
 * What `NextVersionIdMarker` begins with where it holds the place where the store's next page begins, so that no page
 * of a long history costs more than the first. Ids that clients name themselves are taken as well.
 */
const placePrefix = 'next.'

export async function listObjectVersions(call: S3Call): Promise<void> {
  const encode = keyEncodingOf(call)
  const keyMarker = call.query('key-marker') ?? ''
  const versionIdMarker = call.query('version-id-marker') ?? ''
  const max = pageSizeOf(call, 'max-keys')
  if (versionIdMarker !== '' && keyMarker === '') {
    throw new S3Error('InvalidArgument', {
      message: 'A version-id marker cannot be specified without a key marker.',
    })
  }
  const page = await versionsPage(call, keyMarker, versionIdMarker, max)
  const last = page.entries.at(-1)
  const truncated = page.token !== undefined && last !== undefined
  answerXml(call, [
    'ListVersionsResult',
    [
      ['Name', call.bucket],
      ['Prefix', encode(call.query('prefix') ?? '')],
      ['KeyMarker', encode(keyMarker)],
      ['VersionIdMarker', versionIdMarker],
      ['NextKeyMarker', truncated ? encode('key' in last ? last.key : last.prefix) : undefined],
      ['NextVersionIdMarker', truncated ? page.token : undefined],
      ['MaxKeys', max],
      ['Delimiter', delimiterOf(call) === undefined ? undefined : encode(delimiterOf(call) ?? '')],
      ['EncodingType', call.query('encoding-type')],
      ['IsTruncated', truncated],
      ...page.entries.filter(isVersion).map(entry => versionElement(entry, encode)),
      ...prefixElements(page.entries, encode),
    ],
  ])
}

function delimiterOf(call: S3Call): string | undefined {
  const delimiter = call.query('delimiter')
  return delimiter === '' ? undefined : delimiter
}

function versionElement(entry: ListedVersion, encode: KeyEncoding): XmlElement {
  const isObject = entry.kind === 'object'
  return [
    isObject ? 'Version' : 'DeleteMarker',
    [
      ['Key', encode(entry.key)],
      ['VersionId', entry.isNull ? 'null' : entry.versionId],
      ['IsLatest', entry.isLatest],
      ['LastModified', entry.createdAt],
      ...(isObject
        ? ([
            ['ETag', quoted(entry.etag)],
            ['Size', entry.size],
            ['StorageClass', 'STANDARD'],
          ] as const)
        : []),
      ownerElement(),
    ],
  ]
}

/** A page, its token as the next `version-id-marker`. */
async function versionsPage(
  call: S3Call,
  keyMarker: string,
  versionIdMarker: string,
  limit: number,
): Promise<ListPage> {
  const options = { ...call.options, prefix: call.query('prefix'), delimiter: delimiterOf(call) }
  const page = async (more: { token?: string; startAfter?: string; limit: number }): Promise<ListPage> => {
    const { entries, token } = await call.store.listPage(call.bucket, 'versions', { ...options, ...more })
    return { entries, token: token === undefined ? undefined : placePrefix + token }
  }
  if (limit === 0) {
    await page({ limit: 1 })
    return { entries: [], token: undefined }
  }
  if (versionIdMarker.startsWith(placePrefix))
    return page({ token: versionIdMarker.slice(placePrefix.length), limit })
  if (versionIdMarker === '') return page({ startAfter: keyMarker, limit })
  const left = await versionsBehind(call, keyMarker, checkedVersionId(versionIdMarker), limit)
  if (left.length >= limit) {
    const last = left.at(-1)
    return { entries: left, token: last?.isNull === true ? 'null' : last?.versionId }
  }
  const next = await page({ startAfter: keyMarker, limit: limit - left.length })
  return { entries: [...left, ...next.entries], token: next.token }
}

/** Versions of a key that are older than one that a client names, at most `limit`. */
async function versionsBehind(
  call: S3Call,
  key: string,
  versionId: string,
  limit: number,
): Promise<ListedVersion[]> {
  const left: ListedVersion[] = []
  if (!key.startsWith(call.query('prefix') ?? '')) return left
  let found = false
  try {
    for await (const entry of call.store.history(call.bucket, key, call.options)) {
      if (found) left.push(listed(entry))
      if (left.length === limit) break
      found ||= versionId === 'null' ? entry.isNull : entry.versionId === versionId
    }
  } catch (thrown) {
    // Nothing of the key is left: the listing goes on behind it.
    if (!isAbsent(thrown)) throw thrown
  }
  return left
}

function listed(entry: HistoryEntry): ListedVersion {
  const { bucket, key, versionId, size, etag, createdAt, kind, isLatest, isNull } = entry
  return { bucket, key, versionId, size, etag, createdAt, kind, isLatest, isNull, siblings: [] }
}
