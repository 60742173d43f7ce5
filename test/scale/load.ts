import { randomBytes } from 'node:crypto'
import type { Store } from '@torc/client'

export const bodyBytes = 1024

/** Bodies that differ, cut from one piece of random bytes. */
const source = randomBytes(64 * 1024 + bodyBytes)

export function bodyOf(index: number): Uint8Array {
  const start = (index * 31) & 0xffff
  return source.subarray(start, start + bodyBytes)
}

export interface LoadOptions {
  /** Connections that share the work. */
  readonly stores: readonly Store[]
  /** Requests under way at a time, over all connections. */
  readonly inFlight: number
  readonly signal: AbortSignal
  readonly onProgress: (done: number) => void
}

/** Calls `put` for 0 … count − 1, a constant number at a time. The first failure ends it. */
export async function load(
  count: number,
  options: LoadOptions,
  put: (store: Store, index: number) => Promise<unknown>,
): Promise<void> {
  const { stores, inFlight, signal, onProgress } = options
  let next = 0
  let done = 0
  const one = async (store: Store): Promise<void> => {
    while (next < count) {
      signal.throwIfAborted()
      await put(store, next++)
      onProgress(++done)
    }
  }
  const lanes = Array.from({ length: Math.min(inFlight, count) }, (_, lane) => {
    const store = stores[lane % stores.length]
    if (store === undefined) throw new Error('there is no connection to load by')
    return one(store)
  })
  try {
    await Promise.all(lanes)
  } catch (error) {
    next = count
    await Promise.allSettled(lanes)
    throw error
  }
}
