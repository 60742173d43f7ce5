import { type KeyState, mergeStates } from '@torc/cluster/state/key-state'
import type { Version } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import type { Coordination } from '../core/coordination.js'
import type { Deadline } from '../core/deadline.js'
import type { Placement } from '../core/placement.js'
import { collectAcks, describeErrors } from '../quorum/collect-acks.js'
import { gather } from '../quorum/gather.js'
import { planTargets } from '../quorum/targets.js'
import { readKeyState } from './key-state-read.js'
import { differenceOf, holdersIn, writeBack } from './write-back.js'

/** What owners hold of a key, joined. */
export interface Reconciled {
  readonly state: KeyState
  readonly holdersOf: (version: Version) => readonly string[]
  /** W owners are known to hold the joined state. */
  readonly onQuorum: boolean
}

/** States of at least R owners, joined. UNAVAILABLE when fewer answer. */
export async function readMerged(
  c: Coordination,
  p: Placement,
  wanted: number,
  deadline: Deadline,
  versionId?: string,
): Promise<{
  readonly state: KeyState
  readonly states: readonly (readonly [agent: string, state: KeyState])[]
}> {
  const { live } = planTargets(p.owners, agent => c.agents.isAlive(agent))
  const { answers, errors } = await gather(
    live,
    Math.min(Math.max(wanted, 1), Math.max(live.length, 1)),
    agent => readKeyState(c, p, agent, deadline, versionId),
  )
  if (answers.length < p.readQuorum) throw tooFewReads(p, answers.length, errors)
  const state = answers.map(([, held]) => held).reduce(mergeStates)
  return { state, states: answers }
}

/**
 * Owners differ: joins their whole states and writes what is missing back, until W owners are known to hold the
 * result, before anybody is told of it. That makes a read see everything that an earlier read saw.
 */
export async function reconcile(c: Coordination, p: Placement, deadline: Deadline): Promise<Reconciled> {
  const { state, states } = await readMerged(c, p, Math.max(p.readQuorum, p.writeQuorum), deadline)
  const holdersOf = holdersIn(states)
  const behind: [string, KeyState][] = []
  let level = 0
  for (const [agent, held] of states) {
    const difference = differenceOf(state, held)
    if (difference.missing.length === 0 && !difference.contextBehind) level++
    else behind.push([agent, held])
  }
  const heldBy = new Map(behind)
  const acks = collectAcks(
    p.writeQuorum - level,
    behind.map(([agent]) => agent),
    async agent => {
      const held = heldBy.get(agent)
      if (held === undefined) return false
      await writeBack(c, p, agent, state, differenceOf(state, held), holdersOf, deadline)
      return true
    },
  )
  await acks.decided
  return { state, holdersOf, onQuorum: acks.tally.verdict === 'reached' }
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
