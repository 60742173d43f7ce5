import fc from 'fast-check'
import { versionsMax } from '../../src/retention/policy.js'
import { emptyDigest } from '../../src/state/digest.js'
import { digestsEqual } from '../../src/state/key-state.js'
import { hasEvent, presentIn, setOf } from './event-oracle.js'
import { checkAgent, checkContexts, checkHeads, checkLaws, statesEqual } from './history-checks.js'
import { policyOfPick, type Step, steps, take } from './history-steps.js'
import { same } from './pruning-checks.js'
import type { Agent } from './replica-agent.js'
import { Replicas, type Safeguard } from './replicas.js'

const agentCount = 4

/** One case: a history, and picks for what happens after it. */
export type Case = readonly [history: readonly Step[], late: readonly number[]]

export const cases: fc.Arbitrary<[Step[], number[]]> = fc.tuple(
  steps,
  fc.array(fc.nat({ max: 255 }), { minLength: 1, maxLength: 12 }),
)

/**
 * Everything that must hold of one key's history:
 * - after each step planners, whole-state merge and the oracle agree, and what a policy took was its due;
 * - merge obeys its laws on the states that came about;
 * - contexts and tokens cover what they were made from, and nothing else;
 * - whatever was lost or came twice, merging states gives what the oracle says on all agents: every version
 *   that nothing removed, and nothing that was removed or pruned; late deltas change nothing then;
 * - a mint that sees all leaves as many versions as its policy allows, on all agents.
 *
 * `without` a safeguard some history must fail.
 */
export function checkHistory([history, late]: Case, without?: Safeguard): void {
  const replicas = new Replicas(agentCount, without)
  for (const step of history) checkAgent(take(replicas, step), replicas)
  const [a, b, c] = replicas.agents
  if (a === undefined || b === undefined || c === undefined) throw new Error('too few agents')
  checkLaws(a.state, b.state, c.state)
  checkContexts(replicas)
  for (const at of replicas.agents) checkHeads(at)

  for (const pick of late) deliver(replicas, pick, replicas.agent(pick))
  exchangeStates(replicas)
  for (const at of replicas.agents) {
    checkAgent(at, replicas)
    same('converged state', statesEqual(at.state, a.state))
  }
  if (!replicas.lossy) checkNothingLost(replicas, a, late)
  checkCap(replicas, late)
}

/** States go along the row of agents and back: then each has what any had. */
function exchangeStates(replicas: Replicas): void {
  const there = [...replicas.agents].reverse()
  for (const order of [replicas.agents, there]) {
    for (const [i, from] of order.entries()) {
      const to = order[i + 1]
      if (to !== undefined) to.receive(from.wholeState())
    }
  }
}

function checkNothingLost(replicas: Replicas, at: Agent, late: readonly number[]): void {
  const removed = replicas.purged | replicas.pruned
  const expected = setOf(...replicas.minted.keys()) & ~removed
  same('survivors', presentIn(at.events) === expected)
  for (const [number, { version }] of replicas.minted.entries()) {
    const held = at.state.versions.get(`${version.dot.actor}:${version.dot.counter}`) === version
    same('a survivor', held === hasEvent(expected, number))
  }
  for (const pick of late) {
    const before = at.summary?.digest ?? emptyDigest
    deliver(replicas, pick, at)
    same('a late delta', digestsEqual(before, at.summary?.digest ?? emptyDigest))
  }
}

/** Two agents write and prune at once, then one that sees all. */
function checkCap(replicas: Replicas, late: readonly number[]): void {
  const [first = 0, second = 1] = late
  const everyone = (at: Agent) => replicas.agents.filter(one => one !== at).map(one => one.report())
  const [one, other] = [replicas.agent(first), replicas.agent(first + 1)]
  const ofOne = everyone(one)
  const ofOther = everyone(other)
  replicas.mint(one, { reports: ofOne, setPolicy: policyOfPick(first) })
  replicas.mint(other, { reports: ofOther })
  exchangeStates(replicas)
  same('two heads of two writers', replicas.agent(0).summary?.heads.length === 2)
  const policy = policyOfPick(second)
  const max = policy === 'inherit' ? versionsMax(replicas.bucketPolicy) : versionsMax(policy)
  replicas.mint(other, { reports: everyone(other), setPolicy: policy })
  const message = replicas.messages.at(-1)
  for (const at of replicas.agents) {
    if (message !== undefined) at.receive(message)
    checkAgent(at, replicas)
    same('the new version is the head', at.summary?.heads.length === 1)
    same('cap', (at.summary?.versionCount ?? 0) <= (max ?? Number.POSITIVE_INFINITY))
    same('pruned alike', statesEqual(at.state, replicas.agent(0).state))
  }
}

function deliver(replicas: Replicas, pick: number, to: Agent): void {
  const message = replicas.messages[pick % Math.max(1, replicas.messages.length)]
  if (message !== undefined) to.receive(message)
}
