import { hash } from 'node:crypto'

/** What of a request its signature covers. Texts of headers are as they came: one character a byte. */
export interface CanonicalParts {
  readonly method: string
  /** Decoded. */
  readonly path: string
  readonly query: readonly (readonly [name: string, value: string])[]
  /** Lower-case names, in order. */
  readonly signedHeaders: readonly string[]
  /** All values of a header, in order; none where it is not there. */
  readonly header: (name: string) => readonly string[]
  readonly payloadHash: string
}

/** The canonical request of Signature Version 4, as S3 makes it: the path is encoded once and not normalised. */
export function canonicalRequest(parts: CanonicalParts): string {
  const { method, path, query, signedHeaders, header, payloadHash } = parts
  const parameters = query
    .map(([name, value]) => [encodeUri(name), encodeUri(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
  const headers = signedHeaders.map(name => `${name}:${header(name).map(trimmed).join(',')}\n`)
  return [
    method,
    path.split('/').map(encodeUri).join('/'),
    parameters,
    headers.join(''),
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n')
}

/** Only what HTTP takes for white space: in Latin-1 other bytes of UTF-8 look like it. */
function trimmed(value: string): string {
  return value.replace(/^[ \t]+|[ \t]+$/g, '').replace(/[ \t]+/g, ' ')
}

/** RFC 3986: everything but unreserved characters. */
export function encodeUri(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    found => `%${found.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

export function sha256Hex(text: string): string {
  return hash('sha256', Buffer.from(text, 'latin1'), 'hex')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
