import type { Clock } from '@torc/protocol/environment/clock'
import type { Hasher } from '@torc/protocol/environment/hasher'
import { TorcError } from '@torc/protocol/errors'
import { type BucketRecord, type BucketView, viewOf } from './bucket-record.js'
import { clusterRecordKey, emptyClusterRecord } from './cluster-record.js'
import type { ControlCall, ControlStore } from './control-store.js'
import { RecordCache } from './record-cache.js'

/** Buckets by name, as requests look them up. */
export class Buckets {
  readonly #store: ControlStore
  readonly #hasher: Hasher
  readonly #clusterId: string
  readonly #views: RecordCache<BucketView>
  readonly #clusterPolicy: RecordCache<string>

  /** `hearsNews` as of `RecordCache`. */
  constructor(
    store: ControlStore,
    clock: Clock,
    hasher: Hasher,
    clusterId: string,
    hearsNews?: () => boolean,
  ) {
    this.#store = store
    this.#hasher = hasher
    this.#clusterId = clusterId
    this.#views = new RecordCache(clock, (name, call) => this.#load(name, call), hearsNews)
    const readPolicy = async (_: string, call: ControlCall): Promise<string> =>
      ((await store.getCluster(call))?.record ?? emptyClusterRecord).policy
    this.#clusterPolicy = new RecordCache(clock, readPolicy, hearsNews)
  }

  /** The bucket, at once where its record is fresh. BUCKET_NOT_FOUND when there is none. */
  find(name: string, call: ControlCall): BucketView | Promise<BucketView> {
    return this.#views.find(name, call)
  }

  /** The cluster's own retention policy: `inherit` where none is set. */
  clusterPolicy(call: ControlCall): string | Promise<string> {
    return this.#clusterPolicy.find(clusterRecordKey, call)
  }

  /** Drops what is remembered of a bucket. */
  forget(name: string): void {
    this.#views.forget(name)
  }

  /** Drops everything: what counts for the whole cluster has changed. */
  forgetAll(): void {
    this.#views.forgetAll()
    this.#clusterPolicy.forgetAll()
  }

  /** `clusterPolicy` matters to buckets that inherit. */
  viewOf(record: BucketRecord, clusterPolicy: string): BucketView {
    return viewOf(this.#hasher, this.#clusterId, record, clusterPolicy)
  }

  async #load(name: string, call: ControlCall): Promise<BucketView> {
    const stored = await this.#store.get(name, call)
    if (stored === undefined || stored.record.deleted) throw bucketNotFound(name)
    const { record } = stored
    const clusterPolicy = record.policy === 'inherit' ? await this.clusterPolicy(call) : 'inherit'
    return this.viewOf(record, clusterPolicy)
  }
}

export function bucketNotFound(name: string): TorcError {
  return new TorcError('BUCKET_NOT_FOUND', `there is no bucket ${name}`)
}
