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
  const { pruned } = made
  if (policy.kind === 'all') {
    same('"all" prunes nothing', pruned.length === 0)
    return
  }
  const numbers = pruned.map(dot => replicas.numberOf(dot))
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
    const expected = prunedByRule(policy, states, covered, replicas.byAge(), known)
    same('what the policy takes', numbers.join() === expected.join())
  }
  const gone = setOf(...numbers)
  const union = states.reduce(mergeEvents)
  same('a head that is not covered', (gone & headsIn(union) & ~covered) === 0n)
  checkNothingReappears(replicas, union, gone, covered)
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
