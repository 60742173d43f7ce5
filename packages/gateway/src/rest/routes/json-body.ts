import type { IncomingMessage } from 'node:http'
import { TorcError } from '@torc/protocol/errors'

/** Settings are short; objects never come this way. Bytes. */
const jsonBytesMax = 64 * 1024

/** A small body that is a JSON object; an empty one where there is none. */
export async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > jsonBytesMax) throw new TorcError('TOO_LARGE', `the body is larger than ${jsonBytesMax} bytes`)
    pieces.push(piece)
  }
  if (size === 0) return {}
  let value: unknown
  try {
    value = JSON.parse(Buffer.concat(pieces).toString())
  } catch (thrown) {
    throw new TorcError('BAD_REQUEST', 'the body is no JSON', { cause: thrown })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TorcError('BAD_REQUEST', 'the body must be a JSON object')
  return value as Record<string, unknown>
}
