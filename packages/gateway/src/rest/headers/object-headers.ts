import type { StoredObject, VersionInfo } from '@torc/protocol/store/object-store'
import type { HeaderPairs } from '../rest-call.js'
import { metadataHeaders } from './metadata.js'

/** What an object of no known type is. */
const defaultType = 'application/octet-stream'

/** Types that a browser runs: they get a sandbox, so that nothing stored acts in the gateway's name. */
const active = /^(?:text\/html|application\/xhtml\+xml|image\/svg\+xml|(?:text|application)\/xml|text\/xsl)/i

const sandbox =
  "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'"

/** Headers of a GET or HEAD of an object, its length too. */
export function objectHeaders(info: VersionInfo | StoredObject): HeaderPairs {
  const range = 'range' in info ? info.range : undefined
  const [first, last] = range ?? [0, info.size - 1]
  const contentType = headerText(info.contentType) ?? defaultType
  return {
    'content-type': contentType,
    'content-length': last - first + 1,
    ...(range === undefined ? {} : { 'content-range': `bytes ${first}-${last}/${info.size}` }),
    'accept-ranges': 'bytes',
    ...validators(info),
    'x-torc-size': info.size,
    'content-disposition': dispositionOf(info.key),
    'x-content-type-options': 'nosniff',
    ...(active.test(contentType) ? { 'content-security-policy': sandbox } : {}),
    ...metadataHeaders(info.metadata),
  }
}

/** What tells one state of an object from another: also in an answer without the object. */
export function validators(info: VersionInfo): HeaderPairs {
  return {
    etag: `"${info.etag.replace(/[^\x21\x23-\x7e]/g, '')}"`,
    'last-modified': info.createdAt.toUTCString(),
    // Whoever keeps it must ask whether it is still so.
    'cache-control': 'private, no-cache',
    'x-torc-version-id': info.versionId,
    'x-torc-context': info.context,
    ...(info.siblings.length === 0 ? {} : { 'x-torc-siblings': info.siblings.join(', ') }),
    ...(info.degraded ? { 'x-torc-degraded': 'true' } : {}),
    ...(info.parts === undefined ? { 'x-torc-sha256': info.sha256 } : { 'x-torc-parts': info.parts.length }),
  }
}

/** The name under which a browser saves it: the last part of the key, in both forms of RFC 6266. */
export function dispositionOf(key: string): string {
  const name = key.split('/').findLast(part => part !== '') ?? 'object'
  // Backslashes and quotes end a quoted text, and so do control characters; the second form has the true name.
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(Buffer.from(name).toString()).replace(
    /['()*]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `inline; filename="${plain}"; filename*=UTF-8''${encoded}`
}

/** Undefined where no header can carry it. */
function headerText(text: string): string | undefined {
  return /^[\x21-\x7e][\x20-\x7e]*$/.test(text) ? text : undefined
}
