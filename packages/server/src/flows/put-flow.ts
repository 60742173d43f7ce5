import { type CausalContext, decodeContext } from '@torc/cluster/clocks/causal-context'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import { TorcError } from '@torc/protocol/errors'
import { isStaleLayout, mayHaveActed } from '../agents/agents.js'
import { referToBlocks } from '../bodies/block-copier.js'
import { blocksOf } from '../bodies/prepared-body.js'
import { throwStaleCollection } from '../collection/collection-numbers.js'
import { writeConditionally } from '../consensus/conditional-write.js'
import type { Coordination } from '../core/coordination.js'
import { Deadline, writeAttemptMs } from '../core/deadline.js'
import { withFreshLayout } from '../core/fresh-layout.js'
import { type Placement, place, planWrite } from '../core/placement.js'
import { describeErrors } from '../quorum/collect-acks.js'
import { collectWriteAcks } from '../quorum/collect-write-acks.js'
import type { WritePlan } from '../quorum/targets.js'
import type { WriteTarget } from '../quorum/write-quorum.js'
import { inlineOf, type Minted, mint } from './mint.js'
import { completeOperation, nextAttempt } from './repeat-flow.js'
import { type Delta, sendMerge } from './send-merge.js'
import { failedAfterMint, indeterminate, notMinted, tooFewOwners } from './write-errors.js'
import type { WriteOutcome, WriteRequest } from './write-request.js'

/**
 * Adds a version (DESIGN §7): clock read, mint at the first live owner, the delta to the others at once, answer at
 * W durable acks while the rest goes on. Agents that stand in for owners that are down or fail count as these, unless
 * the bucket is strict. UNAVAILABLE and CLOCK_UNREAD say that nothing was written; INDETERMINATE
 * that it may still appear; SUPERSEDED that it is not this attempt that counts.
 */
export async function write(c: Coordination, request: WriteRequest): Promise<WriteOutcome> {
  const { condition } = request
  if (condition !== undefined) return writeConditionally(c, { ...request, condition })
  const deadline = new Deadline(c.environment.clock, request.timeoutMs, request.signal)
  const trail: Trail = { uncertain: false, attempt: undefined }
  try {
    return await withFreshLayout(c, () => writeOnce(c, request, deadline, trail))
  } catch (thrown) {
    const error = TorcError.from(thrown)
    if (!trail.uncertain || final.has(error.code)) throw error
    throw failedAfterMint(error)
  }
}

/** These say all there is to say, whatever was sent before. */
const final = new Set<string>(['INDETERMINATE', 'SUPERSEDED'])

/** What a write has left behind so far. It outlives a change of the layout under way. */
interface Trail {
  /** A mint was sent whose fate is unknown. */
  uncertain: boolean
  /** Names the latest look for the operation: only a mint that does so too may follow it. */
  attempt: Uint8Array | undefined
}

async function writeOnce(
  c: Coordination,
  request: WriteRequest,
  deadline: Deadline,
  trail: Trail,
): Promise<WriteOutcome> {
  deadline.attempt(writeAttemptMs)
  const p = place(c, request.bucket, request.key)
  const plan = planWrite(c, p)
  if (!plan.suffices) throw tooFewOwners(p, plan)
  const errors = new Map<string, TorcError>()
  // An answer that was lost may have been a success: it is looked for before a second dot is minted.
  let mustLook = request.retry
  // It grows while it is walked: who fails is replaced.
  for (const minter of plan.targets) {
    try {
      if (mustLook || trail.uncertain) {
        trail.attempt = nextAttempt(c)
        const found = await completeOperation(c, p, plan, request.opId, trail.attempt, deadline)
        if (found !== undefined) return found
        mustLook = false
      }
      const minted = await mintSecured(c, p, plan, minter, request, trail.attempt, deadline)
      return await replicate(c, p, plan, minter, request, minted, trail, deadline)
    } catch (thrown) {
      const error = TorcError.from(thrown)
      // Another attempt has looked after this one did: what it made by now is found, or it is overtaken in turn.
      if (
        error.code === 'SUPERSEDED' &&
        trail.attempt !== undefined &&
        error.details?.['how'] === undefined
      ) {
        errors.set(minter.agent, error)
        mustLook = true
        continue
      }
      // Without the clocks nothing is minted here; an earlier minter whose answer was lost may have done so.
      const settled = error.code === 'CLOCK_UNREAD' && !trail.uncertain
      if (final.has(error.code) || settled || isStaleLayout(error)) throw error
      errors.set(minter.agent, error)
      trail.uncertain ||= mayHaveActed(error)
      plan.replace(minter)
      if (deadline.remainingMs < 1 || request.signal?.aborted === true) break
    }
  }
  throw notMinted(errors, trail.uncertain)
}

/**
 * Mints where the owner has an intent of the operation, and the references to its blocks were made after that. Where
 * it lost the intent in the last moment, both are done once more.
 */
async function mintSecured(...parts: Parameters<typeof mint>): Promise<Minted> {
  const [c, , , minter, { body }] = parts
  const { claim } = body
  if (claim === undefined) return await mint(...parts)
  const { use } = claim
  const referAgain = (): Promise<unknown> => referToBlocks(c, use, claim, use, blocksOf(body))
  await claim.secure(minter, referAgain)
  try {
    return await mint(...parts)
  } catch (thrown) {
    if (TorcError.from(thrown).code !== 'INTENT_EXPIRED') throw thrown
    claim.lost()
    await claim.secure(minter, referAgain)
    return await mint(...parts)
  }
}

/** Ships the delta to the others and answers when W have it; the minter is one of them. */
async function replicate(
  c: Coordination,
  p: Placement,
  plan: WritePlan,
  minter: WriteTarget,
  request: WriteRequest,
  minted: Minted,
  trail: Trail,
  deadline: Deadline,
): Promise<WriteOutcome> {
  const version = decodeVersion(minted.record)
  c.hybridClock.observe(version.createdAt)
  const replicas: [string, CausalContext][] = [[minter.agent, minted.context]]
  const others = plan.targets.filter(({ agent }) => agent !== minter.agent)
  let hinted: ReadonlyMap<string, readonly string[]> = noHints
  if (others.length > 0) {
    const delta: Delta = { context: minted.delta, record: minted.record, opId: request.opId }
    if (minted.attributes !== undefined) delta.attributes = minted.attributes
    const { clock } = c.environment
    const send = async (target: WriteTarget): Promise<boolean> => {
      const head = await sendMerge(c, p, target, delta, inlineOf(request), deadline)
      // "Seen": it covers the dot and does not hold the version. That is no copy.
      if (head.outcome === 'seen') return false
      replicas.push([target.agent, decodeContext(head.context, 'CORRUPT')])
      return true
    }
    const acks = collectWriteAcks(clock, plan, others, send, [minter])
    await acks.decided
    const hinting = acks.tally.verdict === 'reached' ? acks.hintsSettled() : undefined
    if (hinting !== undefined) await hinting
    hinted = new Map(acks.hinted)
    if (acks.tally.verdict === 'missed') {
      // It is with the minter: the next attempt finds it there, and brings what it then is to the others.
      trail.uncertain = true
      throwStaleCollection(acks.errors)
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
    mintedBy: minter.agent,
    replicas,
    down: [...plan.down],
    hinted: minter.standsFor.length === 0 ? hinted : new Map([[minter.agent, minter.standsFor], ...hinted]),
    deduplicatedBytes: request.body.deduplicatedBytes,
  }
}

const noHints: ReadonlyMap<string, readonly string[]> = new Map()
