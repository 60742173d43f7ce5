import { S3Error } from '../errors/s3-error.js'

/** Where a request goes, decoded once. Nothing is normalised: `..` and `//` are parts of a key like any other. */
export interface Target {
  readonly path: string
  /** Parameters in their order, decoded. */
  readonly query: readonly (readonly [name: string, value: string])[]
}

const targetBytesMax = 16 * 1024

/** InvalidURI for what is not in origin form, or not UTF-8 once it is decoded. */
export function parseTarget(url: string): Target {
  if (!url.startsWith('/') || url.length > targetBytesMax) throw new S3Error('InvalidURI')
  const at = url.indexOf('?')
  const path = decodeUri(at < 0 ? url : url.slice(0, at))
  const query: (readonly [string, string])[] = []
  if (at >= 0) {
    for (const pair of url.slice(at + 1).split('&')) {
      if (pair === '') continue
      const equals = pair.indexOf('=')
      const name = equals < 0 ? pair : pair.slice(0, equals)
      const value = equals < 0 ? '' : pair.slice(equals + 1)
      query.push([decodeParameter(name), decodeParameter(value)])
    }
  }
  return { path, query }
}

/** The value of a parameter; empty where it has none, undefined where it is not there. */
export function parameter(target: Pick<Target, 'query'>, name: string): string | undefined {
  return target.query.find(([given]) => given === name)?.[1]
}

function decodeParameter(text: string): string {
  return decodeUri(text.replaceAll('+', ' '))
}

/** Percent-decodes UTF-8. InvalidURI for anything else. */
export function decodeUri(text: string): string {
  // Bytes that were sent unescaped are read as Latin-1 by the HTTP parser.
  const escaped = text.replace(/[\x80-\xff]/g, found => `%${found.charCodeAt(0).toString(16)}`)
  try {
    return decodeURIComponent(escaped)
  } catch (thrown) {
    throw new S3Error('InvalidURI', { cause: thrown })
  }
}
