import type { BlockReference } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import type { OutgoingBody } from '@torc/protocol/exchange/exchange'
import { isStaleLayout } from '../agents/agents.js'
import type { BucketView } from '../buckets/bucket-record.js'
import { addressFields, type Coordination } from '../core/coordination.js'
import { blockAttemptMs, Deadline } from '../core/deadline.js'
import { describeErrors } from '../quorum/collect-acks.js'
import { WritePlan } from '../quorum/targets.js'
import { effectiveQuorum, quorumsOf, type WriteTarget } from '../quorum/write-quorum.js'

/** Who needs blocks: one operation on one key. */
export interface BlockUse {
  readonly bucket: BucketView
  readonly key: string
  readonly opId: Uint8Array
  readonly timeoutMs: number | undefined
  readonly signal: AbortSignal | undefined
}

/** Where a block goes, and how many agents must have it. */
export interface BlockPlan {
  readonly plan: WritePlan
  /** W, as far as the owners that there are allow; of each layout while one changes to the other. */
  readonly needed: number
}

/** The owners of a block and, unless the bucket is strict, agents that stand in for those that are down. */
export function planBlock(c: Coordination, { bucket }: BlockUse, hash: Uint8Array): BlockPlan {
  const layout = c.layouts.require()
  const partition = layout.partitionOfBlock(hash)
  const owners = layout.owners(partition, bucket.replicas)
  const plan = new WritePlan(
    quorumsOf(layout.writeGroups(partition, bucket.replicas), bucket.writeQuorum),
    agent => c.agents.isAlive(agent),
    () => (bucket.strict ? nobody : layout.fallbacks(partition, bucket.replicas)),
  )
  return { plan, needed: effectiveQuorum(bucket.writeQuorum, owners.length) }
}

const nobody: readonly string[] = []

/**
 * Stores a block and a reference to it at one owner, or at an agent that stands in for some. Resolves with whether it was there already; an owner whose copy
 * is damaged takes the bytes and is whole again.
 */
export async function putBlock(
  c: Coordination,
  use: BlockUse,
  { agent, standsFor }: WriteTarget,
  { hash, size }: BlockReference,
  body: OutgoingBody,
): Promise<boolean> {
  const deadline = new Deadline(c.environment.clock, use.timeoutMs, use.signal)
  const { head } = await c.agents.request(
    agent,
    'putBlock',
    {
      ...addressFields(c, c.layouts.require()),
      ...{ hash, size, bucketId: use.bucket.id, key: use.key, opId: use.opId },
      replicas: use.bucket.replicas,
      ...(use.bucket.compression === 'none' ? {} : { compress: true }),
      ...(standsFor.length === 0 ? {} : { hintFor: [...standsFor] }),
    },
    { body, timeoutMs: deadline.attempt(blockAttemptMs) },
  )
  c.hybridClock.observe(head.time)
  return head.had
}

/**
 * A block is on fewer than W of its owners: UNAVAILABLE, or DISK_FULL where all that failed failed for want of space.
 * No version exists yet, so nothing is indeterminate.
 */
export function tooFewBlockOwners(
  stored: number,
  needed: number,
  down: readonly string[],
  errors: ReadonlyMap<string, TorcError>,
): TorcError {
  const full = errors.size > 0 && Array.from(errors.values()).every(error => error.code === 'DISK_FULL')
  return new TorcError(
    full ? 'DISK_FULL' : 'UNAVAILABLE',
    `a block is on ${stored} of ${needed} agents (${describeErrors(errors) || `down: ${down.join(', ')}`})`,
    { details: { down, needed } },
  )
}

/** Throws what makes other agents' answers worthless: another layout, or a caller that gave up. */
export function throwIfFutile(errors: ReadonlyMap<string, TorcError>): void {
  for (const error of errors.values()) if (isStaleLayout(error) || error.code === 'CANCELLED') throw error
}
