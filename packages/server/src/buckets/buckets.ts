import type { Clock } from '@torc/protocol/environment/clock'
import type { Hasher } from '@torc/protocol/environment/hasher'
import { TorcError } from '@torc/protocol/errors'
import { type BucketRecord, type BucketView, viewOf } from './bucket-record.js'
import type { ControlCall, ControlStore } from './control-store.js'

/** A record is believed for this long at most, in milliseconds, and read again in the background before. */
export const recordAgeMs = 2_000
const refreshAfterMs = 1_000
/** Buckets whose records are kept at hand; beyond, the oldest entry goes. */
const cachedBucketsMax = 10_000

interface Cached {
  readonly view: BucketView
  readonly readMs: number
}

/** Buckets by name, as requests look them up: from memory for a moment, then from the control store again. */
export class Buckets {
  readonly #store: ControlStore
  readonly #clock: Clock
  readonly #hasher: Hasher
  readonly #clusterId: string
  readonly #cache = new Map<string, Cached>()
  readonly #reading = new Map<string, Promise<BucketView>>()

  constructor(store: ControlStore, clock: Clock, hasher: Hasher, clusterId: string) {
    this.#store = store
    this.#clock = clock
    this.#hasher = hasher
    this.#clusterId = clusterId
  }

  /** The bucket, at once where its record is fresh. BUCKET_NOT_FOUND when there is none. */
  find(name: string, call: ControlCall): BucketView | Promise<BucketView> {
    const cached = this.#cache.get(name)
    if (cached === undefined) return this.#read(name, call)
    const ageMs = this.#clock.monotonicMs() - cached.readMs
    if (ageMs >= recordAgeMs) return this.#read(name, call)
    // Should it fail, whoever comes when the record is too old reads it again and hears of it.
    if (ageMs >= refreshAfterMs && !this.#reading.has(name)) this.#read(name, call).catch(() => undefined)
    return cached.view
  }

  /** Drops what is remembered of a bucket. */
  forget(name: string): void {
    this.#cache.delete(name)
  }

  viewOf(record: BucketRecord): BucketView {
    return viewOf(this.#hasher, this.#clusterId, record)
  }

  /** Requests that come while a record is being read share the reading. */
  #read(name: string, call: ControlCall): Promise<BucketView> {
    const reading = this.#reading.get(name)
    if (reading !== undefined) return reading
    const started = this.#readFresh(name, { timeoutMs: call.timeoutMs }).finally(() =>
      this.#reading.delete(name),
    )
    this.#reading.set(name, started)
    return started
  }

  async #readFresh(name: string, call: ControlCall): Promise<BucketView> {
    const readMs = this.#clock.monotonicMs()
    const stored = await this.#store.get(name, call)
    if (stored === undefined || stored.record.deleted) {
      this.#cache.delete(name)
      throw bucketNotFound(name)
    }
    const view = this.viewOf(stored.record)
    this.#cache.delete(name)
    this.#cache.set(name, { view, readMs })
    if (this.#cache.size > cachedBucketsMax) {
      const [oldest] = this.#cache.keys()
      if (oldest !== undefined) this.#cache.delete(oldest)
    }
    return view
  }
}

export function bucketNotFound(name: string): TorcError {
  return new TorcError('BUCKET_NOT_FOUND', `there is no bucket ${name}`)
}
