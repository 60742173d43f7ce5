import { readToken, type Token } from '@torc/cluster/clocks/token'
import { TorcError } from '@torc/protocol/errors'
import type { BucketView } from '../buckets/bucket-record.js'

/** What a client's context token says, where it gave one. BAD_REQUEST where it is none, or of another key. */
export function tokenOf(context: string | undefined, bucket: BucketView, key: string): Token | undefined {
  if (context === undefined) return undefined
  try {
    return readToken(context, bucket.id, key)
  } catch (thrown) {
    const { code, message } = TorcError.from(thrown)
    const hint = 'Give the `context` that a get, head or put of the same key answered, unchanged.'
    throw new TorcError(code, `context: ${message}`, { hint, cause: thrown })
  }
}
