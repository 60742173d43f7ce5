import { differenceOf, isLevel } from '@torc/cluster/state/difference'
import { type KeyState, mergeStates } from '@torc/cluster/state/key-state'
import type { Version } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import type { Coordination } from '../core/coordination.js'
import type { Deadline } from '../core/deadline.js'
import type { Placement } from '../core/placement.js'
import { collectAcks, describeErrors } from '../quorum/collect-acks.js'
import { gather } from '../quorum/gather.js'
import { planTargets } from '../quorum/targets.js'
import { type HeldState, type Removal, readKeyState } from './key-state-read.js'
import { holdersIn, writeBack } from './write-back.js'

/** What owners hold of a key, joined. */
export interface Reconciled {
  readonly state: KeyState
  readonly holdersOf: (version: Version) => readonly string[]
  /** W owners are known to hold the joined state. */
  readonly onQuorum: boolean
}

export interface MergedRead {
  readonly state: KeyState
  readonly states: readonly (readonly [agent: string, state: HeldState])[]
  /** Of a read by id: what the owners tell of versions that were removed. */
  readonly removed: readonly Removal[]
}

/** States of at least R owners, joined. UNAVAILABLE when fewer answer. */
export async function readMerged(
  c: Coordination,
  p: Placement,
  wanted: number,
  deadline: Deadline,
  versionId?: string,
): Promise<MergedRead> {
  const { live } = planTargets(p.owners, agent => c.agents.isAlive(agent))
  const { answers, errors } = await gather(
    live,
    Math.min(Math.max(wanted, 1), Math.max(live.length, 1)),
    agent => readKeyState(c, p, agent, deadline, versionId),
  )
  if (answers.length < p.readQuorum) throw tooFewReads(p, answers.length, errors)
  const state = answers.map(([, held]): KeyState => held).reduce(mergeStates)
  return { state, states: answers, removed: answers.flatMap(([, held]) => held.removed) }
}

/**
 * Owners differ: joins their whole states and writes what is missing back, until W owners are known to hold the
 * result, before anybody is told of it. That makes a read see everything that an earlier read saw. Readers of one key
 * that come while it is reconciled share the next time.
 */
export async function reconcile(c: Coordination, p: Placement, deadline: Deadline): Promise<Reconciled> {
  const alone = () => reconcileOnce(c, p, deadline)
  // A run that asks fewer owners, or waits for fewer, is none for this reader.
  const terms = [p.layout.number, p.owners.length, p.readQuorum, p.writeQuorum].join()
  const { result, own } = c.repairs.share(`${terms}/${nameOf(p)}`, alone)
  try {
    return await result
  } catch (error) {
    // It may have failed for want of another's time or patience.
    if (own) throw error
    return await alone()
  }
}

async function reconcileOnce(c: Coordination, p: Placement, deadline: Deadline): Promise<Reconciled> {
  const { state, states } = await readMerged(c, p, Math.max(p.readQuorum, p.writeQuorum), deadline)
  const holdersOf = holdersIn(states)
  const behind = new Map<string, KeyState>()
  for (const [agent, held] of states) if (!isLevel(differenceOf(state, held))) behind.set(agent, held)
  const needed = p.writeQuorum - (states.length - behind.size)
  const acks = collectAcks(needed, [...behind.keys()], async agent => {
    let held = behind.get(agent)
    if (held === undefined) return false
    // What an earlier read began is not done again. Where nobody waits for it, a later read sees to what is left.
    let underWay = c.repairs.find(agent, nameOf(p))
    if (underWay !== undefined && needed <= 0) return false
    for (; underWay !== undefined; underWay = c.repairs.find(agent, nameOf(p)))
      if (await underWay.done) held = mergeStates(held, underWay.target)
    const run = writeBack(c, p, agent, differenceOf(state, held), holdersOf, deadline)
    c.repairs.track(agent, nameOf(p), state, run)
    await run
    return true
  })
  await acks.decided
  return { state, holdersOf, onQuorum: acks.tally.verdict === 'reached' }
}

/** A key among those of all buckets. */
function nameOf(p: Placement): string {
  return `${Buffer.from(p.bucket.id).toString('hex')}/${p.key}`
}

export function tooFewReads(
  p: Placement,
  answered: number,
  errors: ReadonlyMap<string, TorcError>,
): TorcError {
  return new TorcError(
    'UNAVAILABLE',
    `${answered} of ${p.readQuorum} owners answered (${describeErrors(errors) || 'the rest is down'})`,
    { details: { needed: p.readQuorum, answered, owners: p.owners } },
  )
}
