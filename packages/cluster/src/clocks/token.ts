import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import { Fingerprint } from '../codec/fingerprint.js'
import { PackReader } from '../codec/pack-reader.js'
import { PackWriter } from '../codec/pack-writer.js'
import type { CausalContext } from './causal-context.js'
import { readContext, writeContext } from './context-codec.js'

/**
 * The opaque text that carries a closed context through a client: base64url of
 * `[1, bytes(8) hash of bucket and key, newest, seq, context]`. It is bound to its key, because a context
 * of one key says nothing about another.
 */
const schema = 1
const keyHashBytes = 8
const tokenSeed = 4

/** What a token brings back. */
export interface Token {
  readonly context: CausalContext
  /** Greatest `createdAt` among what the context covers, as far as its maker knew; a write is minted above it. */
  readonly newest: number
  /** Greatest `seq` among what the context covers, as far as its maker knew. */
  readonly seq: number
}

/** `seen` lets a minter that misses what the context covers still count on from it. */
export function encodeToken(
  context: CausalContext,
  bucketId: Uint8Array,
  key: string,
  seen: { readonly newest: number; readonly seq: number } = { newest: 0, seq: 0 },
): string {
  const writer = new PackWriter(64 + 24 * context.vector.size + 64 * context.cloud.size)
  writer.array(5)
  writer.uint(schema)
  writer.bytes(keyHash(bucketId, key))
  writer.uint(seen.newest)
  writer.uint(seen.seq)
  writeContext(writer, context)
  return Buffer.from(writer.finish()).toString('base64url')
}

/** The context alone; BAD_REQUEST as `readToken`. */
export function decodeToken(text: string, bucketId: Uint8Array, key: string): CausalContext {
  return readToken(text, bucketId, key).context
}

/** Throws BAD_REQUEST when `text` is not a token or was made for another key. */
export function readToken(text: string, bucketId: Uint8Array, key: string): Token {
  try {
    return parseToken(text, bucketId, key)
  } catch (thrown) {
    const { code, message } = TorcError.from(thrown)
    const hint = 'Give the `context` of a get or head of the same key, unchanged.'
    throw new TorcError(code, message, { hint, cause: thrown })
  }
}

function parseToken(text: string, bucketId: Uint8Array, key: string): Token {
  const bytes = text.length <= limits.tokenBytesMax ? Buffer.from(text, 'base64url') : undefined
  // Node skips characters that are not base64url; a damaged token must not pass for a shorter one.
  if (bytes === undefined || bytes.toString('base64url') !== text) {
    throw new TorcError('BAD_REQUEST', 'the context is not a token that Torc made')
  }
  const reader = new PackReader(bytes, 'BAD_REQUEST', 'context token')
  reader.tuple(5)
  reader.schema(schema)
  if (!sameBytes(reader.bytes(keyHashBytes, true), keyHash(bucketId, key))) {
    throw new TorcError('BAD_REQUEST', `the context was made for another key than "${key}"`)
  }
  const newest = reader.uint()
  const seq = reader.uint()
  const context = readContext(reader)
  reader.end()
  return { context, newest, seq }
}

function keyHash(bucketId: Uint8Array, key: string): Uint8Array {
  const fingerprint = new Fingerprint(tokenSeed)
  fingerprint.bytes(bucketId)
  fingerprint.text(key)
  return fingerprint.finish().subarray(0, keyHashBytes)
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
