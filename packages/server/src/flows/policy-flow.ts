import { covers } from '@torc/cluster/clocks/causal-context'
import { type Dot, dotText } from '@torc/cluster/clocks/dot'
import { compareAge, type LiveReport } from '@torc/cluster/retention/live-report'
import { planPruning } from '@torc/cluster/retention/plan-pruning'
import { policyAttribute, policyOf, policyValue, type RetentionPolicy } from '@torc/cluster/retention/policy'
import { type Attributes, attributeKey } from '@torc/cluster/state/attributes'
import { closedContext, headsOf, type KeyState, stateDigest } from '@torc/cluster/state/key-state'
import { nullVersionsOf } from '@torc/cluster/state/null-versions'
import type { Version } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import type { BucketView } from '../buckets/bucket-record.js'
import type { Coordination } from '../core/coordination.js'
import { Deadline } from '../core/deadline.js'
import { withFreshLayout } from '../core/fresh-layout.js'
import { ownersOf, place } from '../core/placement.js'
import { writeAttributes } from './attribute-write.js'
import { readClocks } from './clock-read.js'
import { readHeads } from './get-flow.js'
import { makesNull } from './mint.js'
import { readMerged } from './reconcile.js'

export interface KeyPolicyRequest {
  readonly bucket: BucketView
  readonly key: string
  readonly timeoutMs: number | undefined
  readonly signal: AbortSignal | undefined
}

/** The retention policy of a key, and what it would do. */
export interface KeyPolicy {
  /** The key's own. */
  readonly own: RetentionPolicy | undefined
  readonly versionCount: number
  /** What the next plain PUT would remove, oldest first. */
  readonly next: readonly Version[]
}

/** On the merged state of R owners, as a PUT would decide it. KEY_NOT_FOUND for a key without versions. */
export function readKeyPolicy(c: Coordination, request: KeyPolicyRequest): Promise<KeyPolicy> {
  const deadline = new Deadline(c.environment.clock, request.timeoutMs, request.signal)
  return withFreshLayout(c, async () => {
    const p = place(c, request.bucket, request.key)
    const { state } = await readMerged(c, p, p.readQuorum, deadline)
    if (state.versions.size === 0) throw noVersions(request)
    const own = policyOf(state.attributes)
    return {
      own,
      versionCount: state.versions.size,
      next: nextToGo(own ?? request.bucket.policy, state, makesNull(request)),
    }
  })
}

function nextToGo(policy: RetentionPolicy, state: KeyState, isNull: boolean): Version[] {
  const closed = closedContext(state)
  const replaced = isNull ? nullVersionsOf(state.versions.values()) : []
  // A plain PUT covers all that its clock read saw.
  const view = { covers: (dot: Dot) => covers(closed, dot) }
  const gone = [...replaced, ...planPruning(policy, [reportOf(state)], view, replaced)]
  return gone.flatMap(dot => state.versions.get(dotText(dot)) ?? [])
}

/** All that a state has to say about pruning. */
export function reportOf(state: KeyState): LiveReport {
  const heads = new Set(headsOf(state.versions.values()))
  const oldest = Array.from(state.versions.values(), version => ({
    dot: version.dot,
    createdAt: version.createdAt,
    head: heads.has(version),
  })).sort(compareAge)
  return { context: state.context, digest: stateDigest(state), versionCount: oldest.length, oldest }
}

/**
 * Sets the key's own policy, or takes it away. It acts with the next PUT. KEY_NOT_FOUND for a key without versions:
 * a policy is part of a key's state, and there is none.
 */
export function setKeyPolicy(
  c: Coordination,
  request: KeyPolicyRequest & { readonly policy: RetentionPolicy | 'inherit' },
): Promise<void> {
  const deadline = new Deadline(c.environment.clock, request.timeoutMs, request.signal)
  return withFreshLayout(c, async () => {
    const p = place(c, request.bucket, request.key)
    const { heads } = await readHeads(c, p, deadline)
    if (heads.length === 0) throw noVersions(request)
    const { live } = ownersOf(c, p)
    const { attributes } = await readClocks(c, p, live, p.readQuorum, deadline)
    const value = policyValue(request.policy)
    const change = {
      version: undefined,
      set: value === undefined ? [] : [[policyAttribute, value] as const],
      clear: value === undefined ? [policyAttribute] : [],
      seenTime: timeOfPolicy(attributes),
    }
    await writeAttributes(c, p, change, deadline)
  })
}

function timeOfPolicy(attributes: Attributes): number {
  return attributes.get(attributeKey(undefined, policyAttribute))?.time ?? 0
}

function noVersions({ bucket, key }: KeyPolicyRequest): TorcError {
  return new TorcError('KEY_NOT_FOUND', `${bucket.name}/${key} has no version`, {
    hint: 'Give the policy with the first PUT (`torc put --policy`), or set that of the bucket.',
  })
}
