import type { RetentionPolicy } from '../../src/retention/policy.js'
import { digestsEqual } from '../../src/state/digest.js'
import type { MintPlan } from '../../src/state/key-summary.js'
import {
  type EventState,
  type Events,
  hasEvent,
  headsIn,
  mergeEvents,
  prunedByRule,
  setOf,
  statesAgree,
} from './event-oracle.js'
import type { Reported } from './replica-agent.js'
import type { Replicas } from './replicas.js'

/** What a mint is about to prune, judged by what those who were asked knew; the minter is the first. */
export function checkPruning(
  replicas: Replicas,
  policy: RetentionPolicy,
  asked: readonly Reported[],
  covered: Events,
  made: MintPlan,
): void {
  const replaced = replacedByRule(replicas, asked, covered, made)
  const all = made.pruned.map(dot => replicas.numberOf(dot))
  same('what a null version replaces', setOf(...all.slice(0, replaced.length)) === setOf(...replaced))
  const numbers = all.slice(replaced.length)
  if (policy.kind === 'all') same('"all" prunes nothing', numbers.length === 0)
  const states = asked.map(one => one.events)
  const [own, ...others] = asked
  // Two states that say the same of all versions may differ in what they say of counters between them.
  const known = others.every(
    ({ report }) => own !== undefined && digestsEqual(report.digest, own.report.digest),
  )
  if (known)
    same(
      'states of one digest',
      states.every(one => states[0] !== undefined && statesAgree(one, states[0])),
    )
  if (asked.every(({ report }) => report.oldest.length === report.versionCount)) {
    const expected = prunedByRule(policy, states, covered, replicas.byAge(), known, new Set(replaced))
    same('what the policy takes', numbers.join() === expected.join())
  }
  const gone = setOf(...all)
  const union = states.reduce(mergeEvents)
  same('a head that is not covered', (gone & headsIn(union) & ~covered) === 0n)
  checkNothingReappears(replicas, union, gone, covered)
}

/** The null versions that somebody who was asked holds, as far as a new one covers them. */
function replacedByRule(
  replicas: Replicas,
  asked: readonly Reported[],
  covered: Events,
  { version }: MintPlan,
): number[] {
  if (version.isNull !== true) return []
  const held = asked.flatMap(({ nulls }) => nulls.map(dot => replicas.numberOf(dot)))
  return [...new Set(held)].filter(number => hasEvent(covered, number))
}

/**
 * What a pruned version covered must stay covered (TRAPS, op0/op1/op2), unless someone removed the pruned
 * version before: then what lies below it is current again by right.
 */
function checkNothingReappears(replicas: Replicas, union: EventState, gone: Events, covered: Events): void {
  const fresh = replicas.minted.length
  const write = { seen: gone | setOf(fresh), present: new Map([[fresh, covered]]), writes: union.writes }
  const after = headsIn(mergeEvents(union, write))
  const appeared = after & ~headsIn(union) & ~setOf(fresh)
  if (appeared === 0n) return
  const removedBefore = replicas.purged | replicas.pruned
  for (const [version, itsCovered] of union.present) {
    if ((itsCovered & appeared) !== 0n) same('what was pruned is needed', hasEvent(removedBefore, version))
  }
}

export function same(what: string, holds: boolean): void {
  if (!holds) throw new Error(`${what} differs`)
}
