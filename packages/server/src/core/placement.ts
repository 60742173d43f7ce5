import type { BucketView } from '../buckets/bucket-record.js'
import { type Layout, settledStage } from '../layout/layout.js'
import { effectiveQuorum } from '../quorum/targets.js'
import type { Coordination } from './coordination.js'

/** A key, and who is responsible for it now. */
export interface Placement {
  readonly bucket: BucketView
  readonly key: string
  readonly layout: Layout
  readonly partition: number
  /** The preference list. */
  readonly owners: readonly string[]
  /** R and W as far as the owners that there are allow. */
  readonly readQuorum: number
  readonly writeQuorum: number
}

export function place(c: Coordination, bucket: BucketView, key: string): Placement {
  const layout = c.layouts.require()
  const partition = layout.partitionOfKey(c.environment.hasher, bucket.id, key)
  const owners = layout.owners(partition, bucket.replicas)
  return {
    bucket,
    key,
    layout,
    partition,
    owners,
    readQuorum: effectiveQuorum(bucket.readQuorum, owners.length),
    writeQuorum: effectiveQuorum(bucket.writeQuorum, owners.length),
  }
}

/** The fields by which a request to an agent names the key. */
export function keyFields(c: Coordination, p: Placement) {
  return {
    epoch: p.layout.number,
    stage: settledStage,
    time: c.hybridClock.now(),
    bucketId: p.bucket.id,
    key: p.key,
  }
}
