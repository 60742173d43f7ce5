import { differenceOf, isLevel } from '@torc/cluster/state/difference'
import { digestsEqual, emptyDigest } from '@torc/cluster/state/digest'
import { type KeyState, mergeStates } from '@torc/cluster/state/key-state'
import type { Version } from '@torc/cluster/state/version'
import { inForce } from '@torc/protocol/environment/safeguards'
import { TorcError } from '@torc/protocol/errors'
import { throwStaleCollection } from '../collection/collection-numbers.js'
import type { Coordination } from '../core/coordination.js'
import type { Deadline } from '../core/deadline.js'
import { holdersOf, ownersOf, type Placement, writeOwnersOf } from '../core/placement.js'
import { collectAcks, describeErrors } from '../quorum/collect-acks.js'
import { gather } from '../quorum/gather.js'
import { PlaceTally } from '../quorum/place-tally.js'
import { owner, quorumsOf } from '../quorum/write-quorum.js'
import { askHolders } from './ask-holders.js'
import { type HeldState, type Removal, readKeyState } from './key-state-read.js'
import { holdersIn, writeBack } from './write-back.js'

/** What owners hold of a key, joined. */
export interface Reconciled {
  readonly state: KeyState
  readonly holdersOf: (version: Version) => readonly string[]
  /** W owners are known to hold the joined state. */
  readonly onQuorum: boolean
  /** As of `MergedRead`. */
  readonly degraded: boolean
  readonly sloppy: boolean
}

export interface MergedRead {
  readonly state: KeyState
  /** Something newer may be nowhere but on agents that could not be asked. */
  readonly degraded: boolean
  /** Fewer than R owners answered; with holders of hints there were enough. */
  readonly sloppy: boolean
  readonly states: readonly (readonly [agent: string, state: HeldState])[]
  /** Of a read by id: what the owners tell of versions that were removed. */
  readonly removed: readonly Removal[]
}

/**
 * States of at least R owners and of all agents that hold hints of the key, joined. Where fewer owners answer, holders
 * count as owners unless the bucket is strict, as they have what was written since these went down; UNAVAILABLE when
 * they are too few together, or in a strict bucket where a holder is silent.
 */
export async function readMerged(
  c: Coordination,
  p: Placement,
  wanted: number,
  deadline: Deadline,
  versionId?: string,
): Promise<MergedRead> {
  const { live } = ownersOf(c, p)
  const ask = (agent: string): Promise<HeldState> => readKeyState(c, p, agent, deadline, versionId)
  // Holders first: what one of them has delivered and let go of by then is with the owner that is asked after it.
  const hinted = await askHolders(c, holdersOf(c, p), ask)
  const { answers, errors } = await gather(live, Math.min(Math.max(wanted, 1), Math.max(live.length, 1)), ask)
  if (p.bucket.strict && hinted.silent.length > 0) throw silentHolders(p, hinted.silent)
  const states = [...answers, ...hinted.answers]
  const heard = p.bucket.strict ? answers.length : states.length
  if (heard < p.readQuorum) throw tooFewReads(p, heard, errors)
  const state = states.map(([, held]): KeyState => held).reduce(mergeStates)
  const sloppy = answers.length < p.readQuorum
  const degraded = sloppy || hinted.silent.length > 0
  return { state, degraded, sloppy, states, removed: states.flatMap(([, held]) => held.removed) }
}

/**
 * Owners differ: joins their whole states and writes what is missing back, until W owners are known to hold the
 * result, before anybody is told of it. That makes a read see everything that an earlier read saw. Readers of one key
 * that come while it is reconciled share the next time.
 */
export async function reconcile(c: Coordination, p: Placement, deadline: Deadline): Promise<Reconciled> {
  const alone = () => reconcileOnce(c, p, deadline)
  // A run that asks fewer owners, or waits for fewer, is none for this reader.
  const terms = [
    p.layout.number,
    p.layout.stage,
    p.collection,
    p.owners.length,
    p.readQuorum,
    p.writeQuorum,
    p.bucket.strict,
  ].join()
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
  const wanted = Math.max(p.readQuorum, p.writeQuorum)
  const { degraded, sloppy, ...read } = await readMerged(c, p, wanted, deadline)
  const states = [...read.states, ...(await readOthers(c, p, deadline))]
  const state = states.map(([, held]): KeyState => held).reduce(mergeStates)
  const heldBy = holdersIn(states)
  const owners = writeOwnersOf(p)
  const level: string[] = []
  const behind = new Map<string, KeyState>()
  for (const [agent, held] of states) {
    // Owners only: what is written back to others bloats the hand-over (riak_kv #1845).
    if (!owners.includes(agent)) continue
    if (isLevel(differenceOf(state, held)) || isBeingCollected(state, held, states)) level.push(agent)
    else behind.set(agent, held)
  }
  const tally = new PlaceTally(quorumsOf(p.writeGroups, p.bucket.writeQuorum), level.map(owner))
  const isOnQuorum = tally.verdict === 'reached'
  if (!inForce(c.environment, 'reads write back'))
    return { state, holdersOf: heldBy, onQuorum: isOnQuorum, degraded, sloppy }
  const acks = collectAcks(tally, [...behind.keys()], async agent => {
    let held = behind.get(agent)
    if (held === undefined) return false
    // What an earlier read began is not done again. Where nobody waits for it, a later read sees to what is left.
    let underWay = c.repairs.find(agent, nameOf(p))
    if (underWay !== undefined && isOnQuorum) return false
    for (; underWay !== undefined; underWay = c.repairs.find(agent, nameOf(p)))
      if (await underWay.done) held = mergeStates(held, underWay.target)
    const run = writeBack(c, p, agent, differenceOf(state, held), heldBy, deadline)
    c.repairs.track(agent, nameOf(p), state, run)
    await run
    return true
  })
  await acks.decided
  if (acks.tally.verdict === 'missed') throwStaleCollection(acks.errors)
  return { state, holdersOf: heldBy, onQuorum: acks.tally.verdict === 'reached', degraded, sloppy }
}

/**
 * While a layout changes: states of the owners that are not read now, as what is answered must be on W of them as well.
 */
async function readOthers(
  c: Coordination,
  p: Placement,
  deadline: Deadline,
): Promise<readonly (readonly [agent: string, state: HeldState])[]> {
  if (p.writeGroups.length === 1) return []
  const others = writeOwnersOf(p).filter(agent => !p.owners.includes(agent) && c.agents.isAlive(agent))
  const { answers } = await gather(others, others.length, agent => readKeyState(c, p, agent, deadline))
  return answers
}

/**
 * Whether an owner has nothing of a removed key as it has dropped its remainder, and all that others have is about to go
 * as well (DESIGN §10): written back, it would come again.
 */
function isBeingCollected(
  merged: KeyState,
  held: HeldState,
  states: readonly (readonly [agent: string, state: HeldState])[],
): boolean {
  if (merged.versions.size > 0 || !digestsEqual(held.digest, emptyDigest)) return false
  return states.every(([, { collecting, digest }]) => collecting || digestsEqual(digest, emptyDigest))
}

/** A key among those of all buckets. */
function nameOf(p: Placement): string {
  return `${Buffer.from(p.bucket.id).toString('hex')}/${p.key}`
}

/** In a strict bucket nothing is answered that an agent out of reach may know better. */
export function silentHolders(p: Placement, silent: readonly string[]): TorcError {
  return new TorcError(
    'UNAVAILABLE',
    `${silent.join(', ')} may hold newer writes of the key and cannot be asked; the bucket is strict`,
    { details: { silent, owners: p.owners } },
  )
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
