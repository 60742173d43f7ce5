import { TorcError } from '@torc/protocol/errors'
import type { UsedStore } from './kept-client.js'

/** What whoever has no access key may call, with the bucket as its first argument. */
const reads: ReadonlySet<string> = new Set<keyof UsedStore>([
  'get',
  'head',
  'list',
  'versions',
  'listPage',
  'headBucket',
])
const iterating: ReadonlySet<string> = new Set<keyof UsedStore>(['list', 'versions'])

type AnyCall = (...given: readonly unknown[]) => unknown

/**
 * The store for whoever says nothing of who they are, made of one that may do everything: reads of buckets that are open
 * to all. Everything else is DENIED, in the same words whether the bucket is there or not.
 */
export function publicReads(store: UsedStore): UsedStore {
  const allow = async (bucket: unknown): Promise<void> => {
    try {
      if ((await store.headBucket(String(bucket))).publicRead) return
    } catch (thrown) {
      const error = TorcError.from(thrown)
      if (error.code !== 'BUCKET_NOT_FOUND') throw error
    }
    throw new TorcError('DENIED', `a caller without an access key has no read grant on bucket ${bucket}`)
  }
  const refuse = async (): Promise<never> => {
    throw new TorcError('DENIED', 'a caller without an access key may not ask this')
  }
  const guarded = (name: string): AnyCall => {
    const call = (store as unknown as Readonly<Record<string, AnyCall>>)[name]
    if (!reads.has(name) || call === undefined) return refuse
    if (!iterating.has(name)) {
      return async (...given) => {
        await allow(given[0])
        return call.apply(store, [...given])
      }
    }
    return async function* (...given) {
      await allow(given[0])
      yield* call.apply(store, [...given]) as AsyncIterable<unknown>
    }
  }
  const refusing = new Proxy({}, { get: (_, name) => (name === 'then' ? undefined : refuse) })
  return new Proxy({} as UsedStore, {
    get: (_, name) => {
      if (typeof name !== 'string' || name === 'then') return undefined
      return name === 'keys' ? refusing : guarded(name)
    },
  })
}
