import type { IncomingMessage } from 'node:http'
import { headerPrefix, isReserved, keptHeaders } from '../../s3/request/stored-names.js'
import type { HeaderPairs } from '../rest-call.js'

/** Headers under this name are the object's own metadata. */
export const metadataPrefix = 'x-torc-meta-'

type Pairs = readonly (readonly [string, string])[]

/**
 * The metadata that a request brings, and beside it the headers that are kept with the object under names that no header
 * can set. Values are UTF-8 on the wire; bytes that are none are taken as Latin-1.
 */
export function metadataOf({ headers }: Pick<IncomingMessage, 'headers'>): Pairs {
  const kept = keptHeaders.flatMap(name => {
    const value = headers[name]
    return typeof value === 'string' && value !== '' ? [[headerPrefix + name, utf8Of(value)] as const] : []
  })
  const own = Object.entries(headers).flatMap(([name, value]) => {
    if (!name.startsWith(metadataPrefix) || value === undefined) return []
    const text = Array.isArray(value) ? value.join(', ') : value
    return [[name.slice(metadataPrefix.length), utf8Of(text)] as const]
  })
  return [...own, ...kept]
}

/**
 * Metadata as headers. What no header can carry without harm (a name that is none, a line break: other faces take them)
 * stays away, and is counted.
 */
export function metadataHeaders(metadata: Pairs): HeaderPairs {
  const headers: Record<string, string | number> = {}
  let missing = 0
  for (const [name, value] of metadata) {
    const bytes = Buffer.from(value).toString('latin1')
    if (isReserved(name)) {
      const kept = keptHeaders.find(header => name === headerPrefix + header)
      if (kept !== undefined && fitsHeader(bytes)) headers[kept] = bytes
      continue
    }
    const sound = /^[a-z0-9!#$%&'*+.^_`|~-]{1,200}$/i.test(name) && fitsHeader(bytes)
    const header = metadataPrefix + name.toLowerCase()
    if (!sound || header in headers) missing++
    else headers[header] = bytes
  }
  if (missing > 0) headers['x-torc-missing-meta'] = missing
  return headers
}

function fitsHeader(bytes: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(bytes)
}

/** Node hands on the bytes of a header as Latin-1. */
function utf8Of(text: string): string {
  const bytes = Buffer.from(text, 'latin1')
  const decoded = bytes.toString('utf8')
  return Buffer.from(decoded).equals(bytes) ? decoded : text
}
