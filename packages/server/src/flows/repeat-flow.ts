import { type CausalContext, decodeContext } from '@torc/cluster/clocks/causal-context'
import { dotsEqual, dotText } from '@torc/cluster/clocks/dot'
import { type Attributes, attributesOf } from '@torc/cluster/state/attributes'
import { encodeAttributes } from '@torc/cluster/state/attributes-codec'
import {
  closedContext,
  compareVersions,
  headsOf,
  type KeyState,
  makeState,
  mergeStates,
} from '@torc/cluster/state/key-state'
import { type Version, versionIdOf } from '@torc/cluster/state/version'
import { inForce } from '@torc/protocol/environment/safeguards'
import { TorcError } from '@torc/protocol/errors'
import type { BucketView } from '../buckets/bucket-record.js'
import { throwStaleCollection } from '../collection/collection-numbers.js'
import type { Coordination } from '../core/coordination.js'
import { Deadline } from '../core/deadline.js'
import { withFreshLayout } from '../core/fresh-layout.js'
import { holdersOf, type Placement, place, planWrite, writeOwnersOf } from '../core/placement.js'
import { describeErrors } from '../quorum/collect-acks.js'
import { collectWriteAcks } from '../quorum/collect-write-acks.js'
import { gather } from '../quorum/gather.js'
import type { WritePlan } from '../quorum/targets.js'
import { owner, type WriteTarget } from '../quorum/write-quorum.js'
import { type HeldState, readInlineBody, readKeyState } from './key-state-read.js'
import { deltaOf, sendMerge } from './send-merge.js'
import { holdersIn } from './write-back.js'
import { removedSince } from './write-errors.js'
import type { WriteOutcome } from './write-request.js'

/**
 * Names one look for an operation: its hybrid time, and 12 random bits that tell servers of one time apart. As bytes a
 * later look's name is the greater one. So owners that looks reach in different orders agree which of them may mint.
 */
export function nextAttempt({ environment, hybridClock }: Coordination): Uint8Array {
  const name = Buffer.alloc(8)
  const chance = BigInt(Buffer.from(environment.random.bytes(2)).readUInt16BE() & 0xfff)
  name.writeBigUInt64BE((BigInt(hybridClock.now()) << 12n) | chance)
  return name
}

export interface EarlierRequest {
  readonly bucket: BucketView
  readonly key: string
  readonly opId: Uint8Array
  readonly timeoutMs: number | undefined
  readonly signal: AbortSignal | undefined
}

/** What an earlier attempt of an operation wrote, completed; undefined where nobody that can be asked holds it. */
export function completeEarlier(c: Coordination, request: EarlierRequest): Promise<WriteOutcome | undefined> {
  const deadline = new Deadline(c.environment.clock, request.timeoutMs, request.signal)
  return withFreshLayout(c, () => {
    const p = place(c, request.bucket, request.key)
    const plan = planWrite(c, p)
    return completeOperation(c, p, plan, request.opId, nextAttempt(c), deadline)
  })
}

/**
 * Looks for what an earlier attempt of an operation wrote, on every owner and every agent that may stand in for one,
 * as far as they can be reached, and completes it: those of the plan that lack the version get it, and the answer is due at W as for the first attempt. Undefined where
 * nobody holds anything: then, and only then, may it be minted again (DESIGN §4), under `attempt`: owners that were
 * asked refuse mints of earlier attempts, and this one's where they answered a later look. SUPERSEDED where the version
 * is known to have been removed.
 */
export async function completeOperation(
  c: Coordination,
  p: Placement,
  plan: WritePlan,
  opId: Uint8Array,
  attempt: Uint8Array,
  deadline: Deadline,
): Promise<WriteOutcome | undefined> {
  if (!inForce(c.environment, 'retries look first')) return undefined
  const id = versionIdOf(opId)
  const reachable = lookedAt(c, p, plan)
  const { answers } = await gather(reachable, reachable.length, agent =>
    readKeyState(c, p, agent, deadline, id, attempt),
  )
  const found = newestOf(answers)
  if (found === undefined) {
    const removal = answers.flatMap(([, { removed }]) => removed).find(([removed]) => removed === id)
    if (removal !== undefined) throw removedSince(...removal)
    return undefined
  }
  const [holder, version] = found
  const holders = holdersIn(answers)(version)
  const replicas: [string, CausalContext][] = answers
    .filter(([agent]) => holders.includes(agent))
    .map(([agent, state]) => [agent, closedContext(state)])
  const outcome: WriteOutcome = {
    placement: p,
    version,
    siblings: siblingsOf(
      id,
      answers.map(([, state]) => state),
    ),
    mintedBy: holder,
    replicas,
    down: [...plan.down],
    hinted: new Map(
      plan.targets
        .filter(({ agent, standsFor }) => standsFor.length > 0 && holders.includes(agent))
        .map(({ agent, standsFor }) => [agent, standsFor]),
    ),
    deduplicatedBytes: 0,
  }
  const merged = answers.map(([, state]): KeyState => state).reduce(mergeStates)
  // Overwritten and pruned, or purged, since: it took effect, and must not come back.
  if (!merged.versions.has(dotText(version.dot))) return outcome
  // A stand-in that has it may have it for others than now: it counts once it has the hints that it is to keep.
  const have = writeOwnersOf(p)
    .filter(agent => holders.includes(agent))
    .map(owner)
  const lacking = plan.targets.filter(({ agent }) => !have.some(({ agent: other }) => other === agent))
  if (lacking.length === 0 && plan.tally(have).verdict === 'reached') return outcome
  const body = await readInlineBody(c, p, version, holders, deadline)
  const attributes = registersFor(version, merged.attributes)
  const delta = deltaOf(version)
  if (attributes.size > 0) delta.attributes = encodeAttributes(attributes)
  const { clock } = c.environment
  const send = async (target: WriteTarget): Promise<boolean> => {
    const head = await sendMerge(c, p, target, delta, body.length > 0 ? body : undefined, deadline)
    if (head.outcome === 'seen') return false
    if (!holders.includes(target.agent)) replicas.push([target.agent, decodeContext(head.context, 'CORRUPT')])
    return true
  }
  const acks = collectWriteAcks(clock, plan, lacking, send, have)
  await acks.decided
  if (acks.tally.verdict === 'reached') return outcome
  throwStaleCollection(acks.errors)
  throw new TorcError(
    'INDETERMINATE',
    `an earlier attempt is on ${replicas.length} of ${p.writeQuorum} agents (${describeErrors(acks.errors)})`,
    { details: { versionId: id } },
  )
}

/**
 * Tells every agent that an earlier attempt may have reached, as far as it can be reached, that from now on only
 * `attempt` of the operation counts. For one that leaves no version of which a look could tell.
 */
export async function fenceEarlier(
  c: Coordination,
  p: Placement,
  opId: Uint8Array,
  attempt: Uint8Array,
  deadline: Deadline,
): Promise<void> {
  const reachable = lookedAt(c, p, planWrite(c, p))
  const { errors } = await gather(reachable, reachable.length, agent =>
    readKeyState(c, p, agent, deadline, versionIdOf(opId), attempt),
  )
  throwStaleCollection(errors)
}

/**
 * All live owners, those that are known to hold hints of the key, and as many others as stood in for owners that were
 * down when an earlier attempt was made, perhaps through another server. A twin, should one arise all the same, is a
 * sibling that is shown once.
 */
function lookedAt(c: Coordination, p: Placement, plan: WritePlan): string[] {
  const { replicas, strict } = p.bucket
  const standIns = strict
    ? []
    : p.layout.fallbacks(p.partition, replicas).filter(agent => c.agents.isAlive(agent))
  const targets = plan.targets.map(({ agent }) => agent)
  const asked = new Set([...targets, ...holdersOf(c, p), ...standIns.slice(0, p.owners.length)])
  return [...asked].filter(agent => c.agents.isAlive(agent))
}

/** The version and one agent that holds it. Two dots of one operation are siblings; the newest answers for both. */
function newestOf(
  states: readonly (readonly [agent: string, state: KeyState])[],
): [string, Version] | undefined {
  let best: [string, Version] | undefined
  for (const [agent, state] of states) {
    for (const version of state.versions.values()) {
      if (best === undefined || compareVersions(version, best[1]) < 0) best = [agent, version]
    }
  }
  return best
}

/** Ids of the other heads, judged on the heads of all that answered. */
function siblingsOf(id: string, states: readonly HeldState[]): string[] {
  const merged = states.map(state => makeState(state.context, state.heads)).reduce(mergeStates)
  const ids = headsOf(merged.versions.values()).map(head => head.id)
  return [...new Set(ids)].filter(other => other !== id)
}

/** The key's registers (its policy may have been set with the version) and the version's own. */
function registersFor(version: Version, attributes: Attributes): Attributes {
  return attributesOf(
    [...attributes.values()].filter(({ version: of }) => of === undefined || dotsEqual(of, version.dot)),
  )
}
