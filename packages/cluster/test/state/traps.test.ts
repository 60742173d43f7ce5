import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import {
  addDot,
  type CausalContext,
  contextOfDot,
  contextOfExactDot,
  covers,
  emptyContext,
  highestCounter,
  joinContexts,
} from '../../src/clocks/causal-context.js'
import { dotText } from '../../src/clocks/dot.js'
import { closedContext, headsOf, makeState, mergeStates } from '../../src/state/key-state.js'
import { planMerge, planMint } from '../../src/state/key-summary.js'
import { siblingsMax } from '../../src/state/plan-mint.js'
import { contextAfterWrite, type Version } from '../../src/state/version.js'
import { setOf } from '../support/event-oracle.js'
import { mintInput } from '../support/long-history.js'
import { headsAt, heal, lastMessage, noVersions } from '../support/replica-steps.js'
import { Replicas, type Taken } from '../support/replicas.js'
import { actor, opIdOf, version } from '../support/samples.js'

/** Failures that systems like this one had (each named after its source), as the smallest history that shows them. */

t.test('kv679: an actor that forgot its writes is refused a used dot', async t => {
  const first = planMint(undefined, mintInput({ counter: 1 }))
  // Its own state still shows the dot; so does what other owners told the server.
  const refused = { name: 'TorcError', code: 'CONFLICT' }
  t.throws(() => planMint(first.plan.summary, mintInput({ counter: 1, createdAt: 2_000 })), refused)
  t.throws(() => planMint(undefined, mintInput({ counter: 1, cover: first.plan.summary.closed })), refused)
  t.throws(
    () => planMint(undefined, mintInput({ counter: 1, cover: first.plan.summary.closed, exact: true })),
    refused,
  )
  t.throws(() => planMint(undefined, mintInput({ counter: 4, after: 4 })), refused)
})

t.test(
  'kv679: a replica that covers a fresh dot and lacks the version says "seen" and stores nothing',
  async t => {
    const purged = planMerge(
      undefined,
      { context: contextOfDot({ actor: actor(1), counter: 9 }, 0), versions: [] },
      noVersions,
    )
    const plan = planMerge(
      purged.summary,
      { context: emptyContext, versions: [version({ dot: { actor: actor(1), counter: 5 } })] },
      noVersions,
    )
    t.equal(plan.outcome, 'seen')
    t.same(plan.inserted, [])
    t.equal(plan.changed, false)
  },
)

t.test('put-ack: a write is "stored" once and "had" ever after', async t => {
  const replicas = new Replicas(2)
  const [a, b] = [replicas.agent(0), replicas.agent(1)]
  replicas.mint(a)
  b.receive(lastMessage(replicas))
  t.equal(b.lastOutcome, 'stored')
  const before = b.summary
  b.receive(lastMessage(replicas))
  t.equal(b.lastOutcome, 'had')
  t.same(b.summary, before)
})

t.test('sibling explosion: two clients that interleave leave two siblings, not one per write', async t => {
  const replicas = new Replicas(1)
  const at = replicas.agent(0)
  const contexts: Taken[] = [
    { context: emptyContext, events: 0n },
    { context: emptyContext, events: 0n },
  ]
  for (let i = 0; i < 100; i++) {
    const client = contexts[i % 2]
    if (client === undefined) throw new Error('two clients')
    const made = replicas.mint(at, { cover: client, exact: true })
    contexts[i % 2] = {
      context: contextAfterWrite(made),
      events: client.events | setOf(replicas.numberOf(made.dot)),
    }
  }
  t.equal(headsAt(at).length, 2)
  t.equal(at.summary?.versionCount, 100)
})

t.test('sibling explosion: one stale context is refused at a bound, and what resolves is taken', async t => {
  let summary = planMint(undefined, mintInput()).plan.summary
  const stale = (counter: number) =>
    mintInput({ counter, createdAt: 1_000 + counter, exact: true, cover: emptyContext })
  for (let n = 2; n <= siblingsMax; n++) summary = planMint(summary, stale(n)).plan.summary
  t.equal(summary.heads.length, siblingsMax)
  t.throws(() => planMint(summary, stale(siblingsMax + 1)), { code: 'CONFLICT', message: /512 siblings/ })
  const resolved = planMint(summary, { ...stale(siblingsMax + 1), cover: summary.closed })
  t.equal(resolved.plan.summary.heads.length, 1)
  const blind = planMint(summary, { ...stale(siblingsMax + 1), exact: false })
  t.equal(blind.plan.summary.heads.length, 1)
})

t.test('put-ack: the token of a write does not cover siblings that its writer never saw', async t => {
  const replicas = new Replicas(1)
  const at = replicas.agent(0)
  const unseen = replicas.mint(at)
  const made = replicas.mint(at, { cover: replicas.tokenOf(emptyContext, []), exact: true })
  t.notOk(covers(contextAfterWrite(made), unseen.dot))
  t.ok(covers(contextAfterWrite(made), made.dot))
  const token = replicas.tokenOf(contextAfterWrite(made), [made])
  const next = replicas.mint(at, { cover: token, exact: true })
  t.same(headsAt(at).sort(), [dotText(unseen.dot), dotText(next.dot)].sort())
})

t.test('a delta claims its own version only: what that version covers may still arrive', async t => {
  const replicas = new Replicas(2)
  const [a, b] = [replicas.agent(0), replicas.agent(1)]
  const old = replicas.mint(a)
  const hinted = lastMessage(replicas)
  const newer = replicas.mint(a)
  t.ok(covers(newer.context, old.dot))
  b.receive(lastMessage(replicas))
  b.receive(hinted)
  t.equal(b.lastOutcome, 'stored', 'the hint that comes late is kept as history')
  t.same(headsAt(b), [dotText(newer.dot)])
  t.equal(b.summary?.versionCount, 2)
})

t.test('closed tokens: pruning the version between does not bring the oldest back', async t => {
  const [a, b] = [actor(1), actor(2)]
  const op0 = version({ dot: { actor: a, counter: 1 }, opId: opIdOf(0) })
  const op1 = version({
    dot: { actor: b, counter: 1 },
    context: contextOfDot(op0.dot, 0),
    opId: opIdOf(1),
    seq: 2,
  })
  // An agent that holds op1 only; its context names op1, its closed context op0 too.
  const reader = makeState(contextOfDot(op1.dot, 0), [op1])
  t.notOk(covers(reader.context, op0.dot))
  const op2 = (context: CausalContext) =>
    version({ dot: { actor: b, counter: 2 }, after: 1, context, opId: opIdOf(2), seq: 3 })
  const pruned = (made: Version) => {
    const delta = joinContexts(contextOfDot(made.dot, made.after), contextOfExactDot(op1.dot))
    const others = makeState(contextOfDot(op0.dot, 0), [op0])
    return headsOf(mergeStates(mergeStates(others, reader), makeState(delta, [made])).versions.values())
  }
  t.same(
    pruned(op2(reader.context))
      .map(v => v.seq)
      .sort(),
    [1, 3],
    'open: op0 is current again, the failure',
  )
  t.same(
    pruned(op2(closedContext(reader))).map(v => v.seq),
    [3],
    'closed: it stays covered',
  )
})

t.test('closed tokens: a purge by an agent that lacks some versions removes those too', async t => {
  const replicas = new Replicas(2)
  const [a, b] = [replicas.agent(0), replicas.agent(1)]
  const old = replicas.mint(a)
  replicas.mint(a)
  b.receive(lastMessage(replicas))
  t.notOk(b.state.versions.has(dotText(old.dot)))
  replicas.purge(b, replicas.takeToken(b))
  a.receive(lastMessage(replicas))
  t.equal(a.summary?.versionCount, 0)
  heal(replicas)
  for (const at of replicas.agents) t.same(headsAt(at), [])
})

t.test('a concurrent write survives a purge', async t => {
  const replicas = new Replicas(2)
  const [a, b] = [replicas.agent(0), replicas.agent(1)]
  replicas.mint(a)
  b.receive(lastMessage(replicas))
  const token = replicas.takeToken(a)
  const concurrent = replicas.mint(b)
  replicas.purge(a, token)
  heal(replicas)
  for (const at of replicas.agents) t.same(headsAt(at), [dotText(concurrent.dot)])
})

t.test('purged for good: a delayed delta and a stale replica do not resurrect', async t => {
  const replicas = new Replicas(3)
  const [a, b, stale] = [replicas.agent(0), replicas.agent(1), replicas.agent(2)]
  replicas.mint(a)
  const delayed = lastMessage(replicas)
  stale.receive(delayed)
  replicas.purge(a, replicas.takeToken(a))
  b.receive(lastMessage(replicas))
  b.receive(delayed)
  t.equal(b.lastOutcome, 'seen')
  heal(replicas)
  for (const at of replicas.agents) t.same(headsAt(at), [])
})

t.test('removing the newest version makes the one below current again', async t => {
  const replicas = new Replicas(1)
  const at = replicas.agent(0)
  const [old, newer] = [replicas.mint(at), replicas.mint(at)]
  t.same(headsAt(at), [dotText(newer.dot)])
  replicas.removeVersion(at, newer.dot)
  t.same(headsAt(at), [dotText(old.dot)])
  t.equal(at.summary?.maxSeq, 1)
})

t.test('a version id is removed once; its siblings under other dots stay', async t => {
  // A retry through another minter makes a twin; merge never looks at opIds.
  const twin = (n: number) => version({ dot: { actor: actor(n), counter: 1 }, opId: opIdOf(7) })
  const [one, two] = [twin(1), twin(2)]
  const both = mergeStates(
    makeState(contextOfDot(one.dot, 0), [one]),
    makeState(contextOfDot(two.dot, 0), [two]),
  )
  t.equal(both.versions.size, 2)
  const removed = mergeStates(both, makeState(contextOfExactDot(one.dot), []))
  t.same([...removed.versions.keys()], [dotText(two.dot)])
})

t.test('times: a version that would be older than what the key holds is not minted', async t => {
  const first = planMint(undefined, mintInput({ counter: 1, createdAt: 5_000 }))
  t.throws(() => planMint(first.plan.summary, mintInput({ counter: 2, createdAt: 5_000 })), TorcError)
})

t.test('seq is one more than the greatest covered, on this agent or by the clock read', async t => {
  const first = planMint(undefined, mintInput({ counter: 1 }))
  t.equal(first.version.seq, 1)
  const second = planMint(first.plan.summary, mintInput({ counter: 2, createdAt: 2_000, seenSeq: 6 }))
  t.equal(second.version.seq, 7)
  // A client that saw only the first version. Its token tells so; the agent doesn't look below its head.
  const exact = mintInput({
    counter: 3,
    createdAt: 3_000,
    exact: true,
    cover: contextAfterWrite(first.version),
    seenSeq: 1,
  })
  const third = planMint(second.plan.summary, exact)
  t.equal(third.version.seq, 2)
  t.equal(third.plan.summary.heads.length, 2)
  t.equal(third.plan.summary.maxSeq, 7)
  const uninformed = planMint(second.plan.summary, { ...exact, seenSeq: 0 })
  t.equal(uninformed.version.seq, 1, 'without that it counts from what it knows')
})

t.test('clocks are never pruned: a context keeps every actor it ever saw', async t => {
  let context = emptyContext
  for (let n = 0; n < 500; n++) context = addDot(context, { actor: actor(n), counter: n + 1 }, 0)
  t.equal(context.vector.size, 500)
  t.equal(highestCounter(context, actor(77)), 78)
})

t.test('a removal of unbounded width reads the history once and looks nothing up', async t => {
  const replicas = new Replicas(1)
  const at = replicas.agent(0)
  for (let i = 0; i < 5; i++) replicas.mint(at)
  let lookups = 0
  const { has, all } = at.local()
  const get = () => {
    lookups++
    return undefined
  }
  // The agent's own context is as wide: only a forged token could make it so.
  const wide = planMerge(
    at.summary,
    { context: contextOfDot({ actor: at.actor, counter: 2 ** 50 }, 5), versions: [] },
    { has, all, get },
  )
  const everything = contextOfDot({ actor: at.actor, counter: 2 ** 50 }, 0)
  const grown = planMerge(wide.summary, { context: everything, versions: [] }, { has, all, get })
  t.equal(grown.removed.length, 5)
  t.equal(grown.summary.versionCount, 0)
  t.equal(lookups, 0)
})
