import { emptyContext } from '@torc/cluster/clocks/causal-context'
import type { ConditionBase } from '@torc/cluster/consensus/condition'
import { type Attributes, mergeAttributes } from '@torc/cluster/state/attributes'
import { differenceOf, isLevel } from '@torc/cluster/state/difference'
import { digestsEqual } from '@torc/cluster/state/digest'
import { closedContext, headsOf, type KeyState, mergeStates } from '@torc/cluster/state/key-state'
import { type NullVersions, nullVersionsOf } from '@torc/cluster/state/null-versions'
import { TorcError } from '@torc/protocol/errors'
import { isStaleLayout } from '../agents/agents.js'
import type { Coordination } from '../core/coordination.js'
import type { Deadline } from '../core/deadline.js'
import { holdersOf, type Placement } from '../core/placement.js'
import { askHolders } from '../flows/ask-holders.js'
import { type HeldState, readKeyState } from '../flows/key-state-read.js'
import { silentHolders } from '../flows/reconcile.js'
import { holdersIn, writeBack } from '../flows/write-back.js'
import type { OwnersPromise } from './round.js'

export interface Base extends ConditionBase {
  /** The key's own registers. */
  readonly attributes: Attributes
  /** Null versions in it. */
  readonly nulls: NullVersions
}

/**
 * What a condition is judged on: the states of all owners that promised and of all agents that hold hints of the key,
 * joined, and brought to each of these owners before anything is built on it. So a majority has it from then on, and
 * whoever judges a condition later judges it on no less; a proposal need not carry it (decision 29). Undefined where the
 * state went on meanwhile: it is to be read again. UNAVAILABLE where an owner fails on the way.
 */
export async function conditionBase(
  c: Coordination,
  p: Placement,
  promises: readonly OwnersPromise[],
  deadline: Deadline,
): Promise<Base | undefined> {
  const attributes = registersOf(promises)
  const [first] = promises
  const level =
    first?.heads !== undefined && promises.every(({ digest }) => digestsEqual(digest, first.digest))
  if (level && holdersOf(c, p).length === 0) {
    const { heads = [], context, newest, seq } = first
    return { heads, context, newest, seq, attributes, nulls: promises.flatMap(({ nulls }) => nulls) }
  }
  const owners = promises.map(({ agent }) => agent)
  const state = await levelStates(c, p, owners, deadline).catch((thrown: unknown) => {
    const error = TorcError.from(thrown)
    // A version that was to be written back has been pruned since.
    if (error.code === 'VERSION_NOT_FOUND') return undefined
    if (isStaleLayout(error) || error.code === 'CANCELLED' || error.code === 'UNAVAILABLE') throw error
    throw new TorcError('UNAVAILABLE', `owners of the key differ, and one did not answer: ${error.message}`, {
      cause: error,
    })
  })
  if (state === undefined) return undefined
  let newest = 0
  let seq = 0
  for (const version of state.versions.values()) {
    newest = Math.max(newest, version.createdAt)
    seq = Math.max(seq, version.seq)
  }
  const versions = [...state.versions.values()]
  const nulls = nullVersionsOf(versions)
  return { heads: headsOf(versions), context: closedContext(state), newest, seq, attributes, nulls }
}

/** Joins whole states, and writes back to the owners what they lack; rejects where one of them does not take it. */
async function levelStates(
  c: Coordination,
  p: Placement,
  owners: readonly string[],
  deadline: Deadline,
): Promise<KeyState> {
  const ask = (agent: string): Promise<HeldState> => readKeyState(c, p, agent, deadline)
  // Holders first: what one of them has delivered and let go of by then is with the owner that is asked after it.
  const hinted = await askHolders(c, holdersOf(c, p), ask)
  // A condition that is judged without what they hold could be judged otherwise a moment later.
  if (hinted.silent.length > 0) throw silentHolders(p, hinted.silent)
  const own = await Promise.all(owners.map(async agent => [agent, await ask(agent)] as const))
  const states = [...own, ...hinted.answers]
  const merged = states.map(([, held]): KeyState => held).reduce(mergeStates)
  const holders = holdersIn(states)
  await Promise.all(
    own.map(async ([agent, held]) => {
      const difference = differenceOf(merged, held)
      if (!isLevel(difference)) await writeBack(c, p, agent, difference, holders, deadline)
    }),
  )
  return merged
}

function registersOf(promises: readonly OwnersPromise[]): Attributes {
  return promises
    .map(({ attributes }) => attributes)
    .reduce((a, b) => mergeAttributes(a, b, emptyContext, () => true))
}
