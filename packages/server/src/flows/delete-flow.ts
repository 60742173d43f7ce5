import {
  type CausalContext,
  contextOfExactDot,
  emptyContext,
  encodeContext,
  isSubset,
  joinContexts,
} from '@torc/cluster/clocks/causal-context'
import type { Token } from '@torc/cluster/clocks/token'
import { TorcError } from '@torc/protocol/errors'
import { nullVersionId } from '@torc/protocol/identifiers/null-version-id'
import type { BucketView } from '../buckets/bucket-record.js'
import { throwStaleCollection } from '../collection/collection-numbers.js'
import type { Coordination } from '../core/coordination.js'
import { Deadline } from '../core/deadline.js'
import { withFreshLayout } from '../core/fresh-layout.js'
import { ownersOf, type Placement, place, planWrite } from '../core/placement.js'
import { describeErrors } from '../quorum/collect-acks.js'
import { collectWriteAcks } from '../quorum/collect-write-acks.js'
import { readClocks } from './clock-read.js'
import { uniqueMatch } from './get-flow.js'
import { readMerged } from './reconcile.js'
import { fenceEarlier, nextAttempt } from './repeat-flow.js'
import { type Delta, type Operation, sendMerge } from './send-merge.js'
import { tooFewOwners } from './write-errors.js'

export interface DeleteRequest {
  readonly bucket: BucketView
  readonly key: string
  /** Purge just this version (an id or a unique prefix). */
  readonly versionId: string | undefined
  /** Purge just what a GET showed. */
  readonly token: Token | undefined
  /** Of a client's call: what tells its attempts from other calls. */
  readonly opId?: Uint8Array | undefined
  /** Sent before: what is gone may be gone by the first attempt. */
  readonly retry: boolean
  readonly timeoutMs: number | undefined
  readonly signal: AbortSignal | undefined
}

export interface DeleteOutcome {
  readonly removed: readonly string[]
  readonly context: CausalContext
  readonly placement: Placement
}

/**
 * Purges for good: a merge with a context and no versions (DESIGN §4). What the context does not cover, a write
 * made meanwhile say, survives. Purging what is not there is no error; naming a version that is not there is.
 */
export function purge(c: Coordination, request: DeleteRequest): Promise<DeleteOutcome> {
  const deadline = new Deadline(c.environment.clock, request.timeoutMs, request.signal)
  return withFreshLayout(c, async () => {
    const p = place(c, request.bucket, request.key)
    const { versionId } = request
    if (versionId !== undefined) return purgeVersion(c, p, request, versionId, deadline)
    if (request.token === undefined) return purgeAll(c, p, request, deadline)
    const { context } = request.token
    return { removed: await purgeContext(c, p, context, deadline), context, placement: p }
  })
}

/**
 * What is there by now. An attempt that comes late, from a server that was stopped say, would take what was written
 * after another attempt was answered: so each later one is announced to the owners, who refuse those before it from then
 * on (decision 14).
 */
async function purgeAll(
  c: Coordination,
  p: Placement,
  { opId, retry }: DeleteRequest,
  deadline: Deadline,
): Promise<DeleteOutcome> {
  const attempt = opId !== undefined && retry ? nextAttempt(c) : undefined
  if (opId !== undefined && attempt !== undefined) await fenceEarlier(c, p, opId, attempt, deadline)
  const operation: Operation = {
    ...(opId === undefined ? {} : { opId }),
    ...(attempt === undefined ? {} : { attempt }),
  }
  const context = await closedClock(c, p, deadline, operation)
  return { removed: await purgeContext(c, p, context, deadline, operation), context, placement: p }
}

/** What R owners and holders of hints hold, closed, so that nothing that an overwritten version covered comes back. */
async function closedClock(
  c: Coordination,
  p: Placement,
  deadline: Deadline,
  purge: Operation,
): Promise<CausalContext> {
  const { live } = ownersOf(c, p)
  return (await readClocks(c, p, live, p.readQuorum, deadline, undefined, undefined, purge)).context
}

async function purgeVersion(
  c: Coordination,
  p: Placement,
  request: DeleteRequest,
  versionId: string,
  deadline: Deadline,
): Promise<DeleteOutcome> {
  const { state, removed } = await readMerged(c, p, p.readQuorum, deadline, versionId)
  const versions = [...state.versions.values()]
  if (versions.length === 0 && request.retry) return { removed: [], context: emptyContext, placement: p }
  // The null version is a name, not a version: by an earlier attempt it may be gone.
  const isGone = versionId === nullVersionId && !versions.some(({ isNull }) => isNull === true)
  if (isGone && request.retry) return { removed: [], context: emptyContext, placement: p }
  const { id } = uniqueMatch(request, versionId, versions, removed)
  // Two dots of one operation are one version to its reader: both go.
  const context = versions
    .filter(version => version.id === id)
    .map(version => contextOfExactDot(version.dot))
    .reduce(joinContexts)
  await purgeContext(c, p, context, deadline)
  return { removed: [id], context, placement: p }
}

/** Sends the purge to all live owners, and to who stands in for the others; resolves at W durable acks with the ids that went. */
async function purgeContext(
  c: Coordination,
  p: Placement,
  context: CausalContext,
  deadline: Deadline,
  operation: Operation = {},
): Promise<string[]> {
  if (isSubset(context, emptyContext)) return []
  const plan = planWrite(c, p)
  if (!plan.suffices) throw tooFewOwners(p, plan)
  const removed = new Set<string>()
  const delta: Delta = { context: encodeContext(context), keep: [], ...operation }
  const { clock } = c.environment
  const acks = collectWriteAcks(clock, plan, [...plan.targets], async target => {
    const head = await sendMerge(c, p, target, delta, undefined, deadline)
    for (const id of head.removed ?? []) removed.add(id)
    return true
  })
  await acks.decided
  if (acks.tally.verdict === 'reached') return [...removed]
  throwStaleCollection(acks.errors)
  throw new TorcError(
    'INDETERMINATE',
    `${acks.tally.acknowledged.length} of ${p.writeQuorum} agents purged (${describeErrors(acks.errors)}); the rest may follow`,
    { hint: 'Delete it again: a purge that was done already changes nothing.' },
  )
}
