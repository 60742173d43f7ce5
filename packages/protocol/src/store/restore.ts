import { TorcError } from '../errors.js'
import { compareKeys } from '../identifiers/key-order.js'
import { inOrder } from './in-order.js'
import type { CallOptions, ListEntry, ObjectStore, VersionInfo } from './object-store.js'

export interface RestoreOptions extends CallOptions {
  readonly prefix?: string | undefined
  readonly at: Date
  /** Says what it would do and changes nothing. */
  readonly dryRun?: boolean | undefined
}

/** What restoring did (or would do) to one key. Keys that are as they were then are passed over. */
export interface RestoredKey {
  readonly bucket: string
  readonly key: string
  /** `restored`: a new version with the content of then. `deleted`: a delete marker, as there was no object then. */
  readonly action: 'restored' | 'deleted'
  /** The version of then; undefined where there was none. */
  readonly from: string | undefined
  /** The version or marker that was added; undefined in a dry run. */
  readonly versionId: string | undefined
}

/** What restoring asks of a store. */
export type RestorableStore = Pick<ObjectStore, 'list' | 'head' | 'copy' | 'delete'>

/** Keys that are worked on at once. */
const restoreWidth = 16

type Listed = Exclude<ListEntry, { readonly prefix: string }>
type Limits = Pick<RestoreOptions, 'signal' | 'timeoutMs'>

/** A key whose latest head is another than it was then; at least one of both is there. */
interface Difference {
  readonly key: string
  readonly was: Listed | undefined
  readonly is: Listed | undefined
}

interface Work {
  readonly store: RestorableStore
  readonly bucket: string
  readonly dryRun: boolean
  readonly limits: Limits
}

/**
 * Brings the keys under a prefix back to what they were at `options.at`. It only adds: a copy of the version of
 * then, or a delete marker where there was no object; both cover just what was read of the key, so that a write
 * made meanwhile becomes a sibling. A key whose content is what it was is passed over: after an interruption it
 * is simply run again. Memory does not grow with the number of keys.
 */
export async function* restoreObjects(
  store: RestorableStore,
  bucket: string,
  options: RestoreOptions,
): AsyncGenerator<RestoredKey> {
  const { prefix, at, signal, timeoutMs } = options
  const limits: Limits = { signal, timeoutMs }
  const work: Work = { store, bucket, dryRun: options.dryRun === true, limits }
  const then = store.list(bucket, { ...limits, prefix, at })
  const now = store.list(bucket, { ...limits, prefix })
  const restored = inOrder(differences(then, now), restoreWidth, async difference => {
    checkSignal(signal)
    return difference.was === undefined
      ? markDeleted(work, difference.key)
      : bringBack(work, difference.was, difference.is)
  })
  for await (const key of restored) {
    if (key !== undefined) yield key
    checkSignal(signal)
  }
}

/** Both listings side by side, as they come. */
async function* differences(
  then: AsyncIterable<ListEntry>,
  now: AsyncIterable<ListEntry>,
): AsyncGenerator<Difference> {
  const past = keysOf(then)
  const present = keysOf(now)
  try {
    let [first, second] = [await past.next(), await present.next()]
    while (first.value !== undefined || second.value !== undefined) {
      const order = orderOf(first.value, second.value)
      const was = order <= 0 ? first.value : undefined
      const is = order >= 0 ? second.value : undefined
      const key = (was ?? is)?.key ?? ''
      if (was?.versionId !== is?.versionId) yield { key, was, is }
      if (order <= 0) first = await past.next()
      if (order >= 0) second = await present.next()
    }
  } finally {
    await Promise.all([past.return(undefined), present.return(undefined)])
  }
}

/** Below 0: only the first has this key; above: only the second. */
function orderOf(first: Listed | undefined, second: Listed | undefined): number {
  if (first === undefined) return 1
  return second === undefined ? -1 : compareKeys(first.key, second.key)
}

async function* keysOf(entries: AsyncIterable<ListEntry>): AsyncGenerator<Listed, undefined> {
  for await (const entry of entries) if (!('prefix' in entry)) yield entry
  return undefined
}

async function markDeleted(work: Work, key: string): Promise<RestoredKey | undefined> {
  const { store, bucket, dryRun, limits } = work
  const restored: RestoredKey = { bucket, key, action: 'deleted', from: undefined, versionId: undefined }
  if (dryRun) return restored
  const { info, context } = await current(work, key)
  // Deleted since it was listed: as it was then.
  if (info === undefined) return undefined
  const { marker } = await store.delete(bucket, key, { ...limits, marker: true, context })
  return { ...restored, versionId: marker }
}

async function bringBack(work: Work, was: Listed, is: Listed | undefined): Promise<RestoredKey | undefined> {
  const { store, bucket, dryRun, limits } = work
  const { key, versionId: from } = was
  const restored: RestoredKey = { bucket, key, action: 'restored', from, versionId: undefined }
  const alike = is !== undefined && is.etag === was.etag && is.size === was.size
  if (dryRun && !alike) return restored
  const { info, context } = await current(work, key)
  if (info !== undefined && (await isAsItWas(work, info, was))) return undefined
  if (dryRun) return restored
  const copied = await store.copy({ bucket, key, versionId: from }, bucket, key, { ...limits, context })
  return { ...restored, versionId: copied.versionId }
}

/** The latest head, and the context that covers all heads. A marked key has only the latter. */
async function current(
  { store, bucket, limits }: Work,
  key: string,
): Promise<{ readonly info: VersionInfo | undefined; readonly context: string | undefined }> {
  try {
    const info = await store.head(bucket, key, limits)
    return { info, context: info.context }
  } catch (thrown) {
    const error = TorcError.from(thrown)
    if (error.code !== 'KEY_NOT_FOUND') throw error
    const context = error.details?.context
    return { info: undefined, context: typeof context === 'string' ? context : undefined }
  }
}

/** Whether the latest head says what the version of then says; the listing may be older than `info`. */
async function isAsItWas({ store, bucket, limits }: Work, info: VersionInfo, was: Listed): Promise<boolean> {
  if (info.versionId === was.versionId) return true
  if (info.etag !== was.etag || info.size !== was.size) return false
  const old = await store.head(bucket, was.key, { ...limits, versionId: was.versionId })
  return (
    info.sha256 === old.sha256 &&
    info.contentType === old.contentType &&
    JSON.stringify(info.metadata) === JSON.stringify(old.metadata)
  )
}

function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return
  if (signal.reason instanceof TorcError) throw signal.reason
  throw new TorcError('CANCELLED', 'restoring was cancelled', { cause: signal.reason })
}
