import fc from 'fast-check'
import t from 'tap'
import { contextsEqual, covers, encodeContext } from '../../src/clocks/causal-context.js'
import { dotText } from '../../src/clocks/dot.js'
import type { Attributes } from '../../src/state/attributes.js'
import {
  closedContext,
  digestsEqual,
  emptyState,
  headsOf,
  type KeyState,
  mergeStates,
  stateDigest,
} from '../../src/state/key-state.js'
import { decodeSummary, emptySummary, encodeSummary, summaryOf } from '../../src/state/key-summary.js'
import { closureOf, headNames, lastWrites } from '../support/event-oracle.js'
import { type Agent, Replicas } from '../support/replicas.js'
import { runs } from '../support/runs.js'

const agentCount = 4
const number = fc.nat({ max: 63 })
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom(
      'put',
      'put',
      'put',
      'putAfterRead',
      'putWithToken',
      'putWithToken',
      'putAndPrune',
      'take',
      'purge',
      'purgeNow',
      'remove',
      'attribute',
      'deliver',
      'deliver',
      'deliver',
      'deliver',
      'merge',
      'mergeKeeping',
      'handOver',
      'newActor',
    ),
    agent: number,
    other: number,
    pick: number,
    skip: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 1, maxLength: 40, size: 'max' },
)
type Step = typeof steps extends fc.Arbitrary<(infer S)[]> ? S : never

function take(replicas: Replicas, { kind, agent, other, pick, skip }: Step): Agent {
  const at = replicas.agent(agent)
  const peer = replicas.agent(other)
  const token = replicas.tokens[pick % Math.max(1, replicas.tokens.length)]
  const held = [...at.state.versions.values()]
  const version = held[pick % Math.max(1, held.length)]
  switch (kind) {
    case 'put':
      replicas.mint(at, skip, undefined, false)
      break
    case 'putAfterRead':
      replicas.mint(at, skip, { context: closedContext(peer.state), events: closureOf(peer.events) }, false)
      break
    case 'putWithToken':
      replicas.mint(at, skip, token, true)
      break
    case 'putAndPrune':
      replicas.mint(at, skip, undefined, false, held.slice(0, 1 + (pick % 3)))
      break
    case 'take':
      replicas.takeToken(at)
      break
    case 'purge':
      if (token !== undefined) replicas.purge(at, token)
      break
    case 'purgeNow':
      replicas.purge(at, replicas.takeToken(at))
      break
    case 'remove':
      if (version !== undefined) replicas.removeVersion(at, version.dot)
      break
    case 'attribute':
      replicas.setAttribute(at, pick % 2 === 0 ? undefined : version?.dot, `n${pick % 3}`)
      break
    case 'deliver': {
      const message = replicas.messages[pick % Math.max(1, replicas.messages.length)]
      if (message !== undefined) at.receive(message, skip > 1)
      break
    }
    case 'merge':
      at.receive(peer.wholeState(), skip > 1)
      break
    case 'mergeKeeping':
      at.receiveKeeping(
        peer,
        [...peer.state.versions.values()].filter((_, i) => ((pick >> (i % 6)) & 1) === 1),
      )
      break
    case 'handOver':
      if (at !== peer) replicas.handOver(at, peer)
      break
    case 'newActor':
      replicas.newActor(at)
      break
  }
  return at
}

/** The three forms of the agent's state say the same. */
function check(at: Agent, replicas: Replicas): void {
  const summary = at.summary ?? emptySummary
  const whole = summaryOf(at.state)
  same('context', contextsEqual(summary.context, whole.context))
  same('covered', contextsEqual(summary.covered, whole.covered))
  same('closed', contextsEqual(summary.closed, whole.closed))
  same('digest', digestsEqual(summary.digest, whole.digest))
  same('heads', summary.heads.map(v => dotText(v.dot)).join() === whole.heads.map(v => dotText(v.dot)).join())
  same('count', summary.versionCount === whole.versionCount)
  same('greatest seq', summary.maxSeq === whole.maxSeq)
  same('newest', summary.newest === whole.newest)
  same('attributes', setsEqual(registers(summary.attributes), registers(whole.attributes)))
  const last = [...lastWrites(at.events)].map(([slot, event]) => `${slot} ${event}`)
  same('attributes by oracle', setsEqual(registers(summary.attributes), new Set(last)))

  const decoded = decodeSummary(encodeSummary(summary))
  same('stored form', Buffer.compare(encodeSummary(decoded), encodeSummary(summary)) === 0)
  same('stored closed context', contextsEqual(decoded.closed, summary.closed))

  same('versions', setsEqual(new Set(at.state.versions.keys()), new Set(at.events.present.keys())))
  same('heads by oracle', setsEqual(new Set(summary.heads.map(v => dotText(v.dot))), headNames(at.events)))
  const closure = closureOf(at.events)
  for (const { version } of replicas.minted) {
    const name = dotText(version.dot)
    same(`seen ${name}`, covers(summary.context, version.dot) === at.events.seen.has(name))
    same(`closed ${name}`, covers(summary.closed, version.dot) === closure.has(name))
  }
}

function same(what: string, holds: boolean): void {
  if (!holds) throw new Error(`${what} differs`)
}

function setsEqual(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every(name => b.has(name))
}

function statesEqual(a: KeyState, b: KeyState): boolean {
  return (
    Buffer.compare(encodeContext(a.context), encodeContext(b.context)) === 0 &&
    setsEqual(new Set(a.versions.keys()), new Set(b.versions.keys())) &&
    setsEqual(registers(a.attributes), registers(b.attributes)) &&
    digestsEqual(stateDigest(a), stateDigest(b))
  )
}

function registers(attributes: Attributes): Set<string> {
  return new Set([...attributes].map(([key, register]) => `${key} ${dotText(register.dot)}`))
}

function replay(all: readonly Step[], each: (at: Agent, replicas: Replicas) => void = () => {}): Replicas {
  const replicas = new Replicas(agentCount)
  for (const step of all) each(take(replicas, step), replicas)
  return replicas
}

t.test('every step leaves planners, whole-state merge and the oracle in agreement', async () => {
  fc.assert(
    fc.property(steps, all => void replay(all, check)),
    runs(1_500),
  )
})

t.test('whatever was lost or came twice, merging states gives what the oracle says', async () => {
  fc.assert(
    fc.property(steps, fc.array(number, { maxLength: 12 }), (all, order) => {
      const replicas = replay(all)
      // Some late and repeated deltas, then every state to every agent, twice.
      for (const pick of order) {
        const message = replicas.messages[pick % Math.max(1, replicas.messages.length)]
        if (message !== undefined) replicas.agent(pick).receive(message)
      }
      for (let round = 0; round < 2; round++) {
        for (const from of replicas.agents)
          for (const to of replicas.agents) if (from !== to) to.receive(from.wholeState())
      }
      const first = replicas.agent(0)
      for (const at of replicas.agents) {
        check(at, replicas)
        same('converged state', statesEqual(at.state, first.state))
      }
      const expected = replicas.minted
        .map(m => dotText(m.version.dot))
        .filter(name => !replicas.removed.has(name))
      same('survivors', setsEqual(new Set(first.state.versions.keys()), new Set(expected)))
      for (const pick of order) {
        const message = replicas.messages[pick % Math.max(1, replicas.messages.length)]
        if (message === undefined) continue
        const digest = first.summary?.digest ?? emptySummary.digest
        first.receive(message)
        same(
          'a late delta changes nothing',
          digestsEqual(digest, first.summary?.digest ?? emptySummary.digest),
        )
      }
    }),
    runs(1_500),
  )
})

t.test('contexts and tokens cover what they were made from, and nothing that came later', async () => {
  fc.assert(
    fc.property(steps, all => {
      const replicas = replay(all)
      for (const { version } of replicas.minted) {
        const name = dotText(version.dot)
        for (const other of replicas.minted) {
          same(
            `${name} under a version`,
            covers(other.version.context, version.dot) === other.covered.has(name),
          )
        }
        for (const token of replicas.tokens)
          same(`${name} under a token`, covers(token.context, version.dot) === token.events.has(name))
      }
    }),
    runs(1_000),
  )
})

t.test('merge is commutative, associative, idempotent, and has the empty state as its unit', async () => {
  fc.assert(
    fc.property(steps, all => {
      const [a, b, c] = replay(all).agents.map(agent => agent.state)
      if (a === undefined || b === undefined || c === undefined) throw new Error('too few agents')
      same('order', statesEqual(mergeStates(a, b), mergeStates(b, a)))
      same('grouping', statesEqual(mergeStates(mergeStates(a, b), c), mergeStates(a, mergeStates(b, c))))
      same('repetition', statesEqual(mergeStates(a, a), a))
      same('absorption', statesEqual(mergeStates(mergeStates(a, b), b), mergeStates(a, b)))
      same('unit', statesEqual(mergeStates(a, emptyState), a))
    }),
    runs(1_000),
  )
})

t.test('heads are newest first and none covers another', async () => {
  fc.assert(
    fc.property(steps, all => {
      for (const { state } of replay(all).agents) {
        const heads = headsOf(state.versions.values())
        for (const [i, head] of heads.entries()) {
          const before = heads[i - 1]
          if (before !== undefined) same('order', before.createdAt >= head.createdAt)
          for (const other of heads) same('apart', other === head || !covers(other.context, head.dot))
        }
      }
    }),
    runs(300),
  )
})
