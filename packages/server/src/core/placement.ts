import { inForce } from '@torc/protocol/environment/safeguards'
import type { BucketView } from '../buckets/bucket-record.js'
import type { Layout, WriteGroups } from '../layout/layout.js'
import { type Owners, splitOwners, WritePlan } from '../quorum/targets.js'
import { effectiveQuorum, quorumsOf } from '../quorum/write-quorum.js'
import type { Coordination } from './coordination.js'

/** A key, and who is responsible for it now. */
export interface Placement {
  readonly bucket: BucketView
  readonly key: string
  readonly layout: Layout
  readonly partition: number
  /** Collection number of the partition as it was known before anything was read. */
  readonly collection: number
  /** The preference list: the owners that are read. */
  readonly owners: readonly string[]
  /** Those that are written to: of two layouts while one changes to the other. */
  readonly writeGroups: WriteGroups
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
    collection: c.collections.of(partition),
    owners,
    writeGroups: layout.writeGroups(partition, bucket.replicas),
    readQuorum: effectiveQuorum(bucket.readQuorum, owners.length),
    writeQuorum: effectiveQuorum(bucket.writeQuorum, owners.length),
  }
}

/** The owners of a key as far as they can be reached now. */
export function ownersOf(c: Coordination, p: Placement): Owners {
  return splitOwners(p.owners, agent => c.agents.isAlive(agent))
}

/** Where a write of a key goes: owners and, unless the bucket is strict, agents that stand in for those that are down. */
export function planWrite(c: Coordination, p: Placement): WritePlan {
  const { strict, replicas, writeQuorum } = p.bucket
  return new WritePlan(
    quorumsOf(p.writeGroups, writeQuorum),
    agent => c.agents.isAlive(agent),
    () => (strict ? nobody : p.layout.fallbacks(p.partition, replicas)),
  )
}

/** Whom a write goes to, those that are read first. */
export function writeOwnersOf({ writeGroups }: Placement): readonly string[] {
  const [owners = nobody] = writeGroups
  return writeGroups.length === 1 ? owners : [...new Set(writeGroups.flat())]
}

const nobody: readonly string[] = []

/** Agents beside the owners that may hold writes of a key. */
export function holdersOf(c: Coordination, p: Placement): readonly string[] {
  // Other buckets' hints in the partition are no reason to doubt, or to refuse, an answer.
  if (p.bucket.neverHinted === true || !inForce(c.environment, 'readers ask hint holders')) return nobody
  const holders = c.hints.of(p.partition)
  if (holders.length === 0) return holders
  // What an agent kept that is gone for good is gone with it: no answer is degraded for its sake for ever.
  return holders.filter(agent => !p.owners.includes(agent) && !c.layouts.require().isGivenUp(agent))
}

/** An agent answered a write that made it keep hints. */
export function noteHint(
  c: Coordination,
  agent: string,
  partition: number,
  revision: number | undefined,
): void {
  if (revision !== undefined) c.hints.note(agent, c.incarnationOf(agent), partition, revision)
}

/** The fields by which a request to an agent names the key. */
export function keyFields(c: Coordination, p: Placement) {
  return {
    epoch: p.layout.number,
    stage: p.layout.stage,
    time: c.hybridClock.now(),
    bucketId: p.bucket.id,
    key: p.key,
    ...(p.collection === 0 ? unraised : { collection: p.collection }),
  }
}

const unraised: { collection?: number } = Object.freeze({})

/** Takes over what the answer to a read of a key says of time and of its partition. */
export function observe(
  c: Coordination,
  p: Placement,
  { time, collection }: { readonly time: number; readonly collection?: number },
): void {
  c.hybridClock.observe(time)
  c.collections.observe(p.partition, collection)
}
