import type { Clock } from '@torc/protocol/environment/clock'
import type { BucketInfo, CallOptions, ObjectStore } from '@torc/protocol/store/object-store'

export type Versioning = BucketInfo['versioning']

/** Age at which what is remembered of a bucket is read again, milliseconds. */
const ageMsMax = 1_000
/** Buckets that are remembered. */
const bucketsMax = 1_024

/**
 * How buckets are versioned, remembered for a moment: answers show it in a header, which is not worth a read of the
 * bucket's record each time. Whatever decides on what is written or removed reads it anew.
 */
export class BucketFacts {
  readonly #clock: Clock
  readonly #known = new Map<string, { readonly versioning: Versioning; readonly atMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** As it is now. */
  async read(store: ObjectStore, bucket: string, options: CallOptions): Promise<BucketInfo> {
    const info = await store.headBucket(bucket, options)
    this.#known.delete(bucket)
    this.#known.set(bucket, { versioning: info.versioning, atMs: this.#clock.monotonicMs() })
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= bucketsMax) break
      this.#known.delete(oldest)
    }
    return info
  }

  /** As it was a moment ago. Call it only once the caller was let into the bucket. */
  async versioning(store: ObjectStore, bucket: string, options: CallOptions): Promise<Versioning> {
    const known = this.#known.get(bucket)
    if (known !== undefined && this.#clock.monotonicMs() - known.atMs < ageMsMax) return known.versioning
    return (await this.read(store, bucket, options)).versioning
  }

  forget(bucket: string): void {
    this.#known.delete(bucket)
  }
}
