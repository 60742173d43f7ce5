import { createHash } from 'node:crypto'
import { type Store, TorcError } from '@torc/client'
import type { SeededRandom } from '../../harness/simulation/seeded-random.js'
import type { Call, CallKind, History } from './history.js'

/** What a client needs for its calls. */
export interface ClientParts {
  /** Its name in the history, and the beginning of the keys that only it writes. */
  readonly name: string
  readonly store: Store
  readonly history: History
  readonly random: SeededRandom
}

/** One way to use the store; each step is a call, or a few that belong together. */
export interface Activity {
  step(): Promise<void>
}

/** Buckets of the load: in the strict one only owners' acknowledgements count, and no read may ever be stale. */
export const buckets = { loose: 'chaos', strict: 'chaos-strict' } as const

export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A GET with its body, noted. */
export async function noteGet(
  { name, store, history }: Omit<ClientParts, 'random'>,
  bucket: string,
  key: string,
): Promise<void> {
  await history.record(callOf(name, 'get', bucket, key), () =>
    shownOr(async () => {
      const object = await store.get(bucket, key)
      const hash = hashOf(await object.bytes())
      return { shown: object.versionId, hash, degraded: object.degraded }
    }),
  )
}

export function callOf(process: string, kind: CallKind, bucket: string, key: string): Call {
  return { process, kind, bucket, key }
}

/** That a key is not there is an answer as well. */
export async function shownOr<T>(read: () => Promise<T>): Promise<T | { readonly shown: null }> {
  try {
    return await read()
  } catch (thrown) {
    if (thrown instanceof TorcError && thrown.code === 'KEY_NOT_FOUND') return { shown: null }
    throw thrown
  }
}
