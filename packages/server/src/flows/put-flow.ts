import { type CausalContext, decodeContext, encodeContext } from '@torc/cluster/clocks/causal-context'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import { TorcError } from '@torc/protocol/errors'
import type { Answer, OutgoingBody } from '@torc/protocol/exchange/exchange'
import type { RequestOf } from '@torc/protocol/messages/table'
import { isStaleLayout, mayHaveActed } from '../agents/agents.js'
import type { Coordination } from '../core/coordination.js'
import { Deadline, writeAttemptMs } from '../core/deadline.js'
import { withFreshLayout } from '../core/fresh-layout.js'
import { keyFields, type Placement, place } from '../core/placement.js'
import { collectAcks, describeErrors } from '../quorum/collect-acks.js'
import { planTargets, type TargetPlan } from '../quorum/targets.js'
import { readClocks } from './clock-read.js'
import { completeOperation } from './repeat-flow.js'
import type { WriteOutcome, WriteRequest } from './write-request.js'

/**
 * Adds a version (DESIGN §7): clock read, mint at the first live owner, the delta to the others at once, answer at
 * W durable acks while the rest goes on. UNAVAILABLE and CLOCK_UNREAD say that nothing was written; INDETERMINATE
 * that it may still appear.
 */
export function write(c: Coordination, request: WriteRequest): Promise<WriteOutcome> {
  const deadline = new Deadline(c.environment.clock, request.timeoutMs, request.signal)
  return withFreshLayout(c, () => writeOnce(c, request, deadline))
}

async function writeOnce(c: Coordination, request: WriteRequest, deadline: Deadline): Promise<WriteOutcome> {
  deadline.attempt(writeAttemptMs)
  const p = place(c, request.bucket, request.key)
  const plan = planTargets(p.owners, agent => c.agents.isAlive(agent))
  if (plan.live.length < p.writeQuorum) throw tooFewOwners(p, plan)
  if (request.retry) {
    const found = await completeOperation(c, p, plan, request.opId, deadline)
    if (found !== undefined) return found
  }
  const errors = new Map<string, TorcError>()
  let uncertain = false
  for (const minter of plan.live) {
    try {
      // An answer that was lost may have been a success: look for it before a second dot is minted.
      if (uncertain) {
        const found = await completeOperation(c, p, plan, request.opId, deadline)
        if (found !== undefined) return found
      }
      const minted = await mint(c, p, plan, minter, request, deadline)
      return await replicate(c, p, plan, minter, request, minted, deadline)
    } catch (thrown) {
      const error = TorcError.from(thrown)
      // Without the clocks nothing is minted here; an earlier minter whose answer was lost may have done so.
      const settled = error.code === 'CLOCK_UNREAD' && !uncertain
      if (error.code === 'INDETERMINATE' || settled || isStaleLayout(error)) throw error
      errors.set(minter, error)
      uncertain ||= mayHaveActed(error)
      if (deadline.remainingMs < 1 || request.signal?.aborted === true) break
    }
  }
  throw notMinted(errors, uncertain)
}

/** The version as its minter stored it, as it is shipped. */
interface Minted {
  readonly record: Uint8Array
  readonly delta: Uint8Array
  readonly context: CausalContext
  readonly siblings: readonly string[]
}

async function mint(
  c: Coordination,
  p: Placement,
  plan: TargetPlan,
  minter: string,
  request: WriteRequest,
  deadline: Deadline,
): Promise<Minted> {
  const { token } = request
  let cover: CausalContext | undefined = token?.context
  let seenTime = token?.newest ?? 0
  let seenSeq = token?.seq ?? 0
  if (token === undefined && p.readQuorum > 1) {
    const others = plan.live.filter(agent => agent !== minter)
    const read = await readClocks(c, p, others, p.readQuorum - 1, deadline)
    cover = read.context
    seenTime = read.newest
    seenSeq = read.seq
  }
  const { body } = request
  const head: RequestOf<'mint'> = {
    ...keyFields(c, p),
    opId: request.opId,
    kind: request.kind,
    size: body.size,
    sha256: body.sha256,
    etag: request.kind === 'marker' ? '' : etagOf(body.sha256),
    contentType: request.contentType,
    metadata: request.metadata as [string, string][],
  }
  if (cover !== undefined) {
    head.cover = encodeContext(cover)
    head.seenTime = seenTime
    head.seenSeq = seenSeq
    if (token !== undefined) head.exact = true
  }
  if (body.blocks !== undefined && body.blockSizes !== undefined) {
    head.blocks = body.blocks
    head.blockSizes = body.blockSizes
  }
  const answer: Answer<'mint'> = await c.agents.request(minter, 'mint', head, {
    body: inlineOf(request),
    timeoutMs: deadline.attempt(writeAttemptMs),
  })
  const minted = answer.head
  c.hybridClock.observe(minted.time)
  return {
    record: minted.record,
    delta: minted.delta,
    context: decodeContext(minted.context, 'CORRUPT'),
    siblings: minted.siblings,
  }
}

/** Ships the delta to the owners that did not mint and answers when W have it; the minter is one of them. */
async function replicate(
  c: Coordination,
  p: Placement,
  plan: TargetPlan,
  minter: string,
  request: WriteRequest,
  minted: Minted,
  deadline: Deadline,
): Promise<WriteOutcome> {
  const version = decodeVersion(minted.record)
  c.hybridClock.observe(version.createdAt)
  const replicas: [string, CausalContext][] = [[minter, minted.context]]
  const others = plan.live.length > 1 ? plan.live.filter(agent => agent !== minter) : none
  if (others.length > 0) {
    const acks = collectAcks(p.writeQuorum - 1, others, async agent => {
      const { head } = await c.agents.request(
        agent,
        'merge',
        { ...keyFields(c, p), context: minted.delta, record: minted.record, opId: request.opId },
        { body: inlineOf(request), timeoutMs: deadline.attempt(writeAttemptMs) },
      )
      c.hybridClock.observe(head.time)
      // "Seen": it covers the dot and does not hold the version. That is no copy.
      if (head.outcome === 'seen') return false
      replicas.push([agent, decodeContext(head.context, 'CORRUPT')])
      return true
    })
    await acks.decided
    if (acks.tally.verdict === 'missed') {
      throw indeterminate(replicas.length, p.writeQuorum, describeErrors(acks.errors), version.id)
    }
    void acks.settled.then(() => {
      if (acks.errors.size > 0)
        c.log.debug({ key: p.key, errors: describeErrors(acks.errors) }, 'a replica missed a write')
    })
  }
  return {
    placement: p,
    version,
    siblings: minted.siblings,
    mintedBy: minter,
    replicas,
    down: plan.down,
    deduplicatedBytes: request.body.deduplicatedBytes,
  }
}

const none: readonly string[] = []

function inlineOf(request: WriteRequest): OutgoingBody | undefined {
  const { inline } = request.body
  return inline !== undefined && request.body.size > 0 ? inline : undefined
}

/** The etag of a native PUT: opaque, with a `-`, so that nobody takes it for an MD5. */
function etagOf(sha256: Uint8Array): string {
  return `${Buffer.from(sha256.buffer, sha256.byteOffset, 16).toString('hex')}-t`
}

export function tooFewOwners(p: Placement, plan: TargetPlan): TorcError {
  return new TorcError(
    'UNAVAILABLE',
    `${plan.live.length} of the key's ${p.owners.length} agents can be reached, ${p.writeQuorum} must store a write; down: ${plan.down.join(', ')}`,
    { details: { down: plan.down, needed: p.writeQuorum } },
  )
}

export function indeterminate(stored: number, needed: number, why: string, versionId: string): TorcError {
  return new TorcError(
    'INDETERMINATE',
    `${stored} of ${needed} agents acknowledged the write (${why || 'the others refused it'}); it may still appear`,
    {
      details: { stored, needed, versionId },
    },
  )
}

function notMinted(errors: ReadonlyMap<string, TorcError>, uncertain: boolean): TorcError {
  const [only] = errors.values()
  if (uncertain) {
    return new TorcError(
      'INDETERMINATE',
      `no agent confirmed the write (${describeErrors(errors)}); it may still appear`,
      { cause: only },
    )
  }
  const codes = new Set(Array.from(errors.values(), error => error.code))
  // A code of the agents' own (DISK_FULL, CLOCK_SKEW …) tells more; that an agent is out of reach is no news of the
  // connection that the client has.
  if (codes.size === 1 && only !== undefined && only.code !== 'UNREACHABLE') return only
  return new TorcError('UNAVAILABLE', `no agent took the write (${describeErrors(errors)})`, { cause: only })
}
