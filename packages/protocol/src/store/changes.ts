import type { CallOptions } from './object-store.js'

/** A version that came or went. The same one may be told more than once, by each agent that holds it. */
export interface Change {
  readonly bucket: string
  readonly key: string
  readonly versionId: string
  readonly kind: 'object' | 'marker'
  /** `put` and `marker`: it was added; `remove`: it was purged, pruned or replaced. */
  readonly type: 'put' | 'marker' | 'remove'
  /** When the version was made. */
  readonly createdAt: Date
}

export interface ChangesOptions extends CallOptions {
  readonly prefix?: string | undefined
  /** Where to go on: the `cursor` of an earlier batch of the same bucket and prefix. Absent: a cursor of now, at once. */
  readonly cursor?: string | undefined
  /** How long to wait for a change where there is none yet: up to 60,000 ms; 0 when absent. `timeoutMs` comes on top. */
  readonly waitMs?: number | undefined
  /** Most changes of the batch: 1 to 1000, which is meant when absent. */
  readonly limit?: number | undefined
}

export interface ChangeBatch {
  /** In the order in which they became known; those of one agent in its order. */
  readonly changes: readonly Change[]
  readonly cursor: string
  /**
   * The cursor could not be gone on from: too old, or of another cluster. `cursor` is one of now: what was missed must be read
   * by listing after this answer, and a key that the listing lacks was not thereby deleted by anyone.
   */
  readonly reset: boolean
  /** More changes wait: ask at once. */
  readonly more: boolean
}

export interface WatchOptions extends CallOptions {
  readonly prefix?: string | undefined
  /** As of `ChangesOptions`. Absent: the first batch has no changes and a cursor of now. */
  readonly cursor?: string | undefined
}

/** The resumable feed of changes of a bucket or a prefix: at least once, across restarts of anything. */
export interface ChangeFeed {
  changes(bucket: string, options?: ChangesOptions): Promise<ChangeBatch>
  /**
   * Batches for ever, also those without changes, whose cursor is further on all the same. What it told already it leaves
   * out. Passing failures are sat out once the first batch came; ends by `signal`, or with an error that does not pass.
   */
  watch(bucket: string, options?: WatchOptions): AsyncIterable<ChangeBatch>
}
