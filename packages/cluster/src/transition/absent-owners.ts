import { majority } from '../consensus/majority.js'

/** The quorums of a bucket. */
export interface BucketQuorums {
  readonly replicas: number
  readonly readQuorum: number
  readonly writeQuorum: number
}

/**
 * How many owners of a partition a transition may go without, for all of these buckets: with one more, a write that W
 * of them acknowledged could be on none that is read (W − 1), R of them could still answer for the old layout (R − 1), or
 * a majority could have accepted what none that is read knows. `width`: owners that a partition has.
 */
export function absentOwnersMax(buckets: Iterable<BucketQuorums>, width: number): number {
  let most = Math.max(0, width - 1)
  for (const { replicas, readQuorum, writeQuorum } of buckets) {
    const owners = Math.min(replicas, width)
    most = Math.min(
      most,
      owners - majority(owners),
      Math.min(writeQuorum, owners) - 1,
      Math.min(readQuorum, owners) - 1,
    )
  }
  return Math.max(0, most)
}
