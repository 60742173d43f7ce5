import type { ListPage } from '@torc/protocol/store/object-store'
import { pageSizeOf } from '../request/parameters.js'
import { answerXml } from '../response/answer.js'
import type { S3Call } from '../s3-call.js'
import { isVersion, keyEncodingOf, objectElement, prefixElements } from './listing-elements.js'

/** ListObjects, version 1: a page goes on behind the last name of the one before. */
export async function listObjects(call: S3Call): Promise<void> {
  const encode = keyEncodingOf(call)
  const marker = call.query('marker') ?? ''
  const max = pageSizeOf(call, 'max-keys')
  const page = await listedPage(call, max, { startAfter: marker })
  const last = page.entries.at(-1)
  const next = last === undefined ? undefined : 'key' in last ? last.key : last.prefix
  const truncated = page.token !== undefined
  answerXml(call, [
    'ListBucketResult',
    [
      ['Name', call.bucket],
      ['Prefix', encode(call.query('prefix') ?? '')],
      ['Marker', encode(marker)],
      ['MaxKeys', max],
      ['Delimiter', encodedDelimiter(call, encode)],
      ['IsTruncated', truncated],
      ['EncodingType', call.query('encoding-type')],
      ['NextMarker', truncated && next !== undefined ? encode(next) : undefined],
      ...page.entries.filter(isVersion).map(entry => objectElement(entry, encode, true)),
      ...prefixElements(page.entries, encode),
    ],
  ])
}

/** ListObjectsV2: a page goes on where its token says. */
export async function listObjectsV2(call: S3Call): Promise<void> {
  const encode = keyEncodingOf(call)
  const token = call.query('continuation-token')
  const startAfter = call.query('start-after')
  const max = pageSizeOf(call, 'max-keys')
  const page = await listedPage(call, max, token === undefined || token === '' ? { startAfter } : { token })
  const withOwner = call.query('fetch-owner') === 'true'
  answerXml(call, [
    'ListBucketResult',
    [
      ['Name', call.bucket],
      ['Prefix', encode(call.query('prefix') ?? '')],
      ['StartAfter', startAfter === undefined ? undefined : encode(startAfter)],
      ['ContinuationToken', token],
      ['NextContinuationToken', page.token],
      ['KeyCount', page.entries.length],
      ['MaxKeys', max],
      ['Delimiter', encodedDelimiter(call, encode)],
      ['EncodingType', call.query('encoding-type')],
      ['IsTruncated', page.token !== undefined],
      ...page.entries.filter(isVersion).map(entry => objectElement(entry, encode, withOwner)),
      ...prefixElements(page.entries, encode),
    ],
  ])
}

function encodedDelimiter(call: S3Call, encode: (text: string) => string): string | undefined {
  const delimiter = call.query('delimiter')
  return delimiter === undefined || delimiter === '' ? undefined : encode(delimiter)
}

async function listedPage(
  call: S3Call,
  limit: number,
  from: { readonly startAfter?: string | undefined; readonly token?: string },
): Promise<ListPage> {
  const { store, bucket, options } = call
  if (limit === 0) {
    // Nothing is wanted but to hear that the bucket is there, from who may list it.
    await store.listPage(bucket, 'keys', { ...options, limit: 1 })
    return { entries: [], token: undefined }
  }
  const prefix = call.query('prefix')
  const delimiter = call.query('delimiter')
  return store.listPage(bucket, 'keys', { ...options, prefix, delimiter, limit, ...from })
}
