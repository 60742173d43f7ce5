import { emptyContext } from '@torc/cluster/clocks/causal-context'
import { readToken, type Token } from '@torc/cluster/clocks/token'
import { TorcError } from '@torc/protocol/errors'
import type { BucketView } from '../buckets/bucket-record.js'

/** A client that has seen nothing of a key: its write stays beside whatever is there. */
const nothingSeen: Token = { context: emptyContext, newest: 0, seq: 0 }

/**
 * What a client's context token says, where it gave one; the empty text says that it has seen nothing. BAD_REQUEST where
 * it is no token, or one of another key.
 */
export function tokenOf(context: string | undefined, bucket: BucketView, key: string): Token | undefined {
  if (context === undefined) return undefined
  if (context === '') return nothingSeen
  try {
    return readToken(context, bucket.id, key)
  } catch (thrown) {
    const { code, message } = TorcError.from(thrown)
    const hint = 'Give the `context` that a get, head or put of the same key answered, unchanged.'
    throw new TorcError(code, `context: ${message}`, { hint, cause: thrown })
  }
}
