import type { ListEntry } from '@torc/protocol/store/object-store'
import { S3Error } from '../errors/s3-error.js'
import { quoted } from '../response/object-headers.js'
import { ownerElement } from '../response/owner.js'
import type { S3Call } from '../s3-call.js'
import { encodeUri } from '../signature/canonical-request.js'
import type { XmlElement } from '../xml/xml-writer.js'

export type ListedVersion = Extract<ListEntry, { readonly key: string }>

/** How a listing shows keys: as they are, or URL-encoded for those that XML cannot hold. */
export type KeyEncoding = (key: string) => string

export function keyEncodingOf(call: S3Call): KeyEncoding {
  const encoding = call.query('encoding-type')
  if (encoding === undefined || encoding === '') return key => key
  if (encoding !== 'url')
    throw new S3Error('InvalidArgument', { message: 'Invalid Encoding Method specified in Request' })
  return key => key.split('/').map(encodeUri).join('/')
}

export function isVersion(entry: ListEntry): entry is ListedVersion {
  return 'key' in entry
}

export function prefixElements(entries: readonly ListEntry[], encode: KeyEncoding): XmlElement[] {
  return entries.flatMap(entry =>
    'key' in entry ? [] : [['CommonPrefixes', [['Prefix', encode(entry.prefix)]]] as const],
  )
}

export function objectElement(entry: ListedVersion, encode: KeyEncoding, withOwner: boolean): XmlElement {
  return [
    'Contents',
    [
      ['Key', encode(entry.key)],
      ['LastModified', entry.createdAt],
      ['ETag', quoted(entry.etag)],
      ['Size', entry.size],
      ['StorageClass', 'STANDARD'],
      ...(withOwner ? [ownerElement()] : []),
    ],
  ]
}
