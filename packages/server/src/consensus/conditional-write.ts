import { covers } from '@torc/cluster/clocks/causal-context'
import { type Ballot, collectionOf, makeBallot, noBallot, roundOf } from '@torc/cluster/consensus/ballot'
import {
  afterOf,
  type Condition,
  type Covered,
  conditionFailed,
  type HandedOut,
  judge,
  proposedVersion,
} from '@torc/cluster/consensus/condition'
import { highestAccepted, isHollow } from '@torc/cluster/consensus/highest'
import { majority } from '@torc/cluster/consensus/majority'
import {
  decide,
  decisionOf,
  emptyProposal,
  forgetsDecisions,
  type Proposal,
} from '@torc/cluster/consensus/proposal'
import { decodeLiveReport } from '@torc/cluster/retention/live-report'
import { policyInForce, policyText } from '@torc/cluster/retention/policy'
import { encodeAttributes } from '@torc/cluster/state/attributes-codec'
import { attributesSet, optionalFields } from '@torc/cluster/state/key-summary'
import { type Version, versionIdOf } from '@torc/cluster/state/version'
import { inForce } from '@torc/protocol/environment/safeguards'
import { TorcError } from '@torc/protocol/errors'
import { referToBlocks } from '../bodies/block-copier.js'
import { blocksOf } from '../bodies/prepared-body.js'
import type { BucketView } from '../buckets/bucket-record.js'
import type { Coordination } from '../core/coordination.js'
import { Deadline } from '../core/deadline.js'
import { withFreshLayout } from '../core/fresh-layout.js'
import { ownersOf, type Placement, place, planWrite } from '../core/placement.js'
import { etagOf, inlineOf, makesNull, policyOf } from '../flows/mint.js'
import { completeOperation, nextAttempt } from '../flows/repeat-flow.js'
import { notMinted, tooFewOwners } from '../flows/write-errors.js'
import type { WriteOutcome, WriteRequest } from '../flows/write-request.js'
import { PlaceTally } from '../quorum/place-tally.js'
import { owner, quorumsOf } from '../quorum/write-quorum.js'
import { type Base, conditionBase } from './condition-base.js'
import { type AcceptOutcome, type OwnersPromise, Round } from './round.js'

/** A write that takes place only where its condition holds. */
export type ConditionalWrite = WriteRequest & { readonly condition: Condition }

/** What a write has left behind so far. It outlives a change of the layout under way. */
interface Trail {
  /** A proposal of it was sent, now or by an earlier attempt: it may be chosen, unless the register is seen to go on without it. */
  proposed: boolean
  /** Above what owners have promised, as far as it is known. */
  ballot: Ballot
}

/** Longest wait before another round, doubled from the first on, in milliseconds. */
const firstWaitMs = 10
const waitMsMax = 400

/**
 * Adds a version where its condition holds, as the key's owners decide by consensus, one such write after the other
 * (DESIGN §5; decision 29): of any number that race under "there is none" exactly one takes place. Only owners count.
 * CONDITION_FAILED: it did not take place and will not. UNAVAILABLE: it did not. INDETERMINATE: it may still appear;
 * the same operation sent again finds out.
 */
export function writeConditionally(c: Coordination, request: ConditionalWrite): Promise<WriteOutcome> {
  const deadline = new Deadline(c.environment.clock, request.timeoutMs, request.signal)
  const trail: Trail = { proposed: request.retry, ballot: noBallot }
  const name = `${Buffer.from(request.bucket.id).toString('hex')}/${request.key}`
  return c.keyTurns.run(name, async () => {
    try {
      return await withFreshLayout(c, () => untilDecided(c, request, deadline, trail))
    } catch (thrown) {
      const error = TorcError.from(thrown)
      if (!trail.proposed || settled.has(error.code)) throw error
      throw new TorcError(
        'INDETERMINATE',
        `the write was proposed, and what became of it is not known (${error.code}: ${error.message})`,
        { cause: error },
      )
    }
  })
}

/** These say all there is to say, whatever was sent before. */
const settled = new Set<string>(['CONDITION_FAILED', 'INDETERMINATE', 'SUPERSEDED'])

async function untilDecided(
  c: Coordination,
  request: ConditionalWrite,
  deadline: Deadline,
  trail: Trail,
): Promise<WriteOutcome> {
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMsMax, 2 * waitMs)) {
    const outcome = await oneRound(c, request, deadline, trail)
    if (outcome !== undefined) return outcome
    // Rounds that race keep overtaking each other unless they part (Paxos Made Simple, §2.4).
    const { clock, random } = c.environment
    const ms = deadline.attempt(waitMs) * random.fraction()
    await new Promise<void>(resolve => void clock.after(ms, resolve))
  }
}

/** Undefined where another round was ahead, or too few could be reached to end this one. */
async function oneRound(
  c: Coordination,
  request: ConditionalWrite,
  deadline: Deadline,
  trail: Trail,
): Promise<WriteOutcome | undefined> {
  const p = place(c, consensual(request.bucket), request.key)
  // Only owners count: those that are read first, the first of which hands out dots.
  const plan = planWrite(c, p)
  const { live } = plan
  const most = Math.max(p.bucket.readQuorum, p.bucket.writeQuorum)
  if (new PlaceTally(quorumsOf(p.writeGroups, most), live.map(owner)).verdict !== 'reached')
    throw tooFewOwners(p, plan)
  const number = Math.max(c.hybridClock.now(), roundOf(trail.ballot) + 1)
  const round = new Round(c, p, live, makeBallot(c.environment.random, number, p.collection), deadline)
  const policy = policyOf(request)
  const promises = await round.prepare(policy.kind === 'all' ? undefined : policyText(policy))
  trail.ballot = round.highest
  // Under an older number no round comes through.
  c.collections.observe(p.partition, collectionOf(round.highest))
  if (promises === undefined) return undefined
  const last = highestAccepted(promises.map(({ accepted }) => accepted))
  // Whoever has it is among those that did not answer.
  if (last !== undefined && isHollow(last)) return undefined
  if (last !== undefined && !last.learned && inForce(c.environment, 'open proposals first')) {
    // It may be chosen: it is brought to its end as it is before anything is built on it.
    if ((await round.accept(last.proposal, last.body)) === 'accepted')
      await round.learn(last.proposal, last.body)
    trail.ballot = round.highest
    return undefined
  }
  const before = last?.proposal ?? emptyProposal
  const remembers = inForce(c.environment, 'decisions are remembered')
  const earlier = remembers ? await decidedBefore(c, p, request, before, deadline) : undefined
  if (earlier !== undefined) return earlier
  const base = await conditionBase(c, p, promises, deadline)
  if (base === undefined) return undefined
  const covered = judge(request.condition, base)
  if (covered === undefined) {
    // Nothing of it is anywhere: others need not hear of it. Otherwise it is decided that it does not take place.
    const failed = decide(before, { opId: request.opId, written: false }, undefined)
    if (!trail.proposed || (await round.accept(failed, undefined)) === 'accepted')
      throw conditionFailed(request.condition, base.heads)
    trail.ballot = round.highest
    return undefined
  }
  return propose(c, p, request, { round, promises, before, base, covered }, trail)
}

/** All that a version is built on. */
interface Decided {
  readonly round: Round
  readonly promises: readonly OwnersPromise[]
  readonly before: Proposal
  readonly base: Base
  readonly covered: Covered
}

async function propose(
  c: Coordination,
  p: Placement,
  request: ConditionalWrite,
  { round, promises, before, base, covered }: Decided,
  trail: Trail,
): Promise<WriteOutcome | undefined> {
  const giver = promises.find(({ handedOut }) => handedOut !== undefined)
  if (giver?.handedOut === undefined) throw new TorcError('INTERNAL', 'no owner handed out a dot')
  const version = versionOf(c, request, giver.handedOut, base, covered)
  const policy = policyInForce(request.policy, base.attributes, request.bucket.policy)
  // The giver's own report first, as in a mint.
  const reports = [giver, ...promises.filter(promise => promise !== giver)].flatMap(({ live }) =>
    live === undefined ? [] : [decodeLiveReport(live)],
  )
  const registers = attributesSet(version, request.policy)
  const attributes = registers.size === 0 ? undefined : encodeAttributes(registers)
  const proposed = proposedVersion(version, { policy, reports, nulls: base.nulls }, attributes)
  const proposal = decide(before, { opId: request.opId, written: true }, proposed)
  const body = inlineOf(request)
  const intentAt = await secureBlocks(c, p, request)
  trail.proposed = true
  const outcome = await acceptSecured(round, request, proposal, intentAt)
  trail.ballot = round.highest
  if (outcome !== 'accepted') return undefined
  const replicas = await round.learn(proposal, body)
  const others = base.heads.filter(({ id, dot }) => id !== version.id && !covers(version.context, dot))
  return {
    placement: p,
    version,
    siblings: [...new Set(others.map(({ id }) => id))],
    mintedBy: giver.agent,
    replicas,
    down: ownersOf(c, p).down,
    hinted: noHints,
    deduplicatedBytes: request.body.deduplicatedBytes,
  }
}

/** Where the owner lost the intent in the last moment, nothing was accepted, and another round is due. */
async function acceptSecured(
  round: Round,
  request: ConditionalWrite,
  proposal: Proposal,
  intentAt: string | undefined,
): Promise<AcceptOutcome> {
  try {
    return await round.accept(proposal, inlineOf(request), intentAt)
  } catch (thrown) {
    if (TorcError.from(thrown).code !== 'INTENT_EXPIRED') throw thrown
    request.body.claim?.lost()
    return 'open'
  }
}

const noHints: ReadonlyMap<string, readonly string[]> = new Map()

/**
 * Where the body is in blocks: an owner with an intent of the operation, under which all references were made. The first
 * that takes it: one may be full.
 */
async function secureBlocks(
  c: Coordination,
  p: Placement,
  { body }: ConditionalWrite,
): Promise<string | undefined> {
  const { claim } = body
  if (claim === undefined) return undefined
  const errors = new Map<string, TorcError>()
  for (const agent of ownersOf(c, p).live) {
    try {
      await claim.secure(owner(agent), () => referToBlocks(c, claim.use, claim, claim.use, blocksOf(body)))
      return agent
    } catch (thrown) {
      const error = TorcError.from(thrown)
      if (error.code !== 'DISK_FULL') throw error
      errors.set(agent, error)
    }
  }
  if (errors.size === 0) throw new TorcError('UNAVAILABLE', 'no owner of the key can be reached')
  throw notMinted(errors, false)
}

function versionOf(
  c: Coordination,
  request: ConditionalWrite,
  handedOut: HandedOut,
  base: Base,
  covered: Covered,
): Version {
  const { body, kind, opId, contentType, metadata } = request
  const times = Array.from(base.attributes.values(), ({ time }) => time)
  return {
    dot: handedOut.dot,
    after: afterOf(handedOut, base.context),
    id: versionIdOf(opId),
    context: covered.context,
    kind,
    size: body.size,
    etag: etagOf(request),
    sha256: body.sha256,
    contentType,
    metadata,
    createdAt: c.hybridClock.mintTime(Math.max(base.newest, ...times)),
    seq: 1 + covered.seq,
    opId,
    blocks: body.blocks === undefined ? undefined : blocksOf(body),
    ...optionalFields({
      partBlocks: body.partBlocks,
      tags: request.tags,
      isNull: makesNull(request) || undefined,
    }),
  }
}

/** The answer to an operation that was decided before; undefined where it surely was not. */
async function decidedBefore(
  c: Coordination,
  p: Placement,
  request: ConditionalWrite,
  register: Proposal,
  deadline: Deadline,
): Promise<WriteOutcome | undefined> {
  const decision = decisionOf(register, request.opId)
  if (decision?.written === false) {
    throw new TorcError('CONDITION_FAILED', 'an earlier attempt of the write found that its condition failed')
  }
  const forgotten = decision === undefined && request.retry && forgetsDecisions(register)
  if (decision === undefined && !forgotten) return undefined
  const attempt = nextAttempt(c)
  const found = await completeOperation(c, p, planWrite(c, p), request.opId, attempt, deadline)
  if (found !== undefined) return found
  throw new TorcError(
    'INDETERMINATE',
    forgotten
      ? 'the key has been written so often since that what became of an earlier attempt is not known any more'
      : 'an earlier attempt was written, and is on no agent that can be asked',
    { hint: 'Read the key: it shows whether the write took place.' },
  )
}

/** A majority of the owners takes part, whatever the bucket's quorums are, and nobody else. */
function consensual(bucket: BucketView): BucketView {
  const most = majority(bucket.replicas)
  return {
    ...bucket,
    strict: true,
    readQuorum: Math.max(bucket.readQuorum, most),
    writeQuorum: Math.max(bucket.writeQuorum, most),
  }
}
