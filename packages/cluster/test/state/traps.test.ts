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
import { type LocalVersions, type MintInput, planMerge, planMint } from '../../src/state/key-summary.js'
import { siblingsMax } from '../../src/state/plan-mint.js'
import { contextAfterWrite, type Version } from '../../src/state/version.js'
import { closureOf } from '../support/event-oracle.js'
import { type Agent, Replicas } from '../support/replicas.js'
import { actor, opIdOf, version } from '../support/samples.js'

/** Failures that systems like this one had (each named after its source), as the smallest history that shows them. */

const none: LocalVersions = { has: () => false, all: () => [] }

function mintInput(overrides: Partial<MintInput> = {}): MintInput {
  return {
    actor: actor(1),
    counter: 1,
    after: 0,
    opId: opIdOf(1),
    kind: 'object',
    cover: undefined,
    exact: false,
    createdAt: 1_000,
    seenSeq: 0,
    size: 0,
    sha256: new Uint8Array(32),
    etag: 'e',
    contentType: '',
    metadata: [],
    blocks: undefined,
    ...overrides,
  }
}

function headsAt(at: Agent): string[] {
  return (at.summary?.heads ?? []).map(head => dotText(head.dot))
}

function lastMessage(replicas: Replicas) {
  const message = replicas.messages.at(-1)
  if (message === undefined) throw new Error('nothing was sent')
  return message
}

/** Every agent gets every other's whole state. */
function heal(replicas: Replicas): void {
  for (let round = 0; round < 2; round++) {
    for (const from of replicas.agents) for (const to of replicas.agents) to.receive(from.wholeState())
  }
}

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
      none,
    )
    const plan = planMerge(
      purged.summary,
      { context: emptyContext, versions: [version({ dot: { actor: actor(1), counter: 5 } })] },
      none,
    )
    t.equal(plan.outcome, 'seen')
    t.same(plan.inserted, [])
    t.equal(plan.changed, false)
  },
)

t.test('put-ack: a write is "stored" once and "had" ever after', async t => {
  const replicas = new Replicas(2)
  const [a, b] = [replicas.agent(0), replicas.agent(1)]
  replicas.mint(a, 1, undefined, false)
  b.receive(lastMessage(replicas))
  t.equal(b.lastOutcome, 'stored')
  const before = b.summary
  b.receive(lastMessage(replicas))
  t.equal(b.lastOutcome, 'had')
  t.same(b.summary, before)
})

t.test('doomstone: a fallback that knows only the old purge does not kill a key made anew', async t => {
  const replicas = new Replicas(3)
  const [owner, fallback, other] = [replicas.agent(0), replicas.agent(1), replicas.agent(2)]
  replicas.mint(owner, 1, undefined, false)
  fallback.receive(lastMessage(replicas))
  replicas.purge(fallback, replicas.takeToken(fallback))
  owner.receive(lastMessage(replicas))
  // The owner drops the remainder; what it knew lives on in its durable number.
  replicas.handOver(owner, other)
  const fresh = replicas.mint(owner, 1, undefined, false)
  owner.receive(fallback.wholeState())
  t.same(headsAt(owner), [dotText(fresh.dot)])
  heal(replicas)
  for (const at of replicas.agents) t.same(headsAt(at), [dotText(fresh.dot)])
})

t.test(
  'hand-over: an owner that dropped the key and mints with `after = 0` would delete its first version',
  async t => {
    const a = actor(1)
    const first = version({ dot: { actor: a, counter: 5 } })
    const holder = makeState(contextOfDot(first.dot, 0), [first])
    const mintAgain = (after: number) => {
      const dot = { actor: a, counter: 9 }
      const newcomer = makeState(contextOfDot(dot, after), [
        version({ dot, after, context: first.context, opId: opIdOf(2) }),
      ])
      return mergeStates(holder, newcomer)
    }
    t.notOk(
      mintAgain(0).versions.has(dotText(first.dot)),
      'the newcomer claimed to have seen it: this is the failure',
    )
    t.ok(mintAgain(5).versions.has(dotText(first.dot)), 'with `after` it waits in the cloud')
  },
)

t.test('hand-over: minted, handed over, dropped, minted again: newcomers delete nothing', async t => {
  const replicas = new Replicas(3)
  const [owner, next, newcomer] = [replicas.agent(0), replicas.agent(1), replicas.agent(2)]
  const first = replicas.mint(owner, 3, undefined, false)
  replicas.handOver(owner, next)
  const second = replicas.mint(owner, 2, undefined, false)
  t.equal(second.after, first.dot.counter)
  newcomer.receive(lastMessage(replicas))
  t.notOk(covers(newcomer.state.context, first.dot), 'a gap is not knowledge')
  next.receive(newcomer.wholeState())
  t.ok(next.state.versions.has(dotText(first.dot)))
  heal(replicas)
  // The second write was blind and its minter knew nothing: both are heads.
  for (const at of replicas.agents) t.equal(headsAt(at).length, 2)
})

t.test('hand-over: a dot handed out early and used late arrives after its successor', async t => {
  const a = actor(1)
  const early = version({ dot: { actor: a, counter: 3 }, after: 0, opId: opIdOf(1) })
  const late = version({ dot: { actor: a, counter: 7 }, after: 3, opId: opIdOf(2) })
  const afterLate = planMerge(
    undefined,
    { context: contextOfDot(late.dot, late.after), versions: [late] },
    none,
  )
  const plan = planMerge(
    afterLate.summary,
    { context: contextOfDot(early.dot, early.after), versions: [early] },
    none,
  )
  t.equal(plan.outcome, 'stored')
  t.same([...plan.summary.context.vector], [[a, 7]], 'the gap is closed')
  t.equal(plan.summary.context.cloud.size, 0)
})

t.test('sibling explosion: two clients that interleave leave two siblings, not one per write', async t => {
  const replicas = new Replicas(1)
  const at = replicas.agent(0)
  const contexts: { context: CausalContext; events: Set<string> }[] = [
    { context: emptyContext, events: new Set() },
    { context: emptyContext, events: new Set() },
  ]
  for (let i = 0; i < 100; i++) {
    const client = contexts[i % 2]
    if (client === undefined) throw new Error('two clients')
    const made = replicas.mint(at, 1, client, true)
    contexts[i % 2] = {
      context: contextAfterWrite(made),
      events: new Set([...client.events, dotText(made.dot)]),
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
  const unseen = replicas.mint(at, 1, undefined, false)
  const made = replicas.mint(at, 1, { context: emptyContext, events: new Set() }, true)
  t.notOk(covers(contextAfterWrite(made), unseen.dot))
  t.ok(covers(contextAfterWrite(made), made.dot))
  const next = replicas.mint(
    at,
    1,
    { context: contextAfterWrite(made), events: new Set([dotText(made.dot)]) },
    true,
  )
  t.same(headsAt(at).sort(), [dotText(unseen.dot), dotText(next.dot)].sort())
})

t.test('a delta claims its own version only: what that version covers may still arrive', async t => {
  const replicas = new Replicas(2)
  const [a, b] = [replicas.agent(0), replicas.agent(1)]
  const old = replicas.mint(a, 1, undefined, false)
  const hinted = lastMessage(replicas)
  const newer = replicas.mint(a, 1, undefined, false)
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
  const old = replicas.mint(a, 1, undefined, false)
  replicas.mint(a, 1, undefined, false)
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
  replicas.mint(a, 1, undefined, false)
  b.receive(lastMessage(replicas))
  const token = replicas.takeToken(a)
  const concurrent = replicas.mint(b, 1, undefined, false)
  replicas.purge(a, token)
  heal(replicas)
  for (const at of replicas.agents) t.same(headsAt(at), [dotText(concurrent.dot)])
})

t.test('purged for good: a delayed delta and a stale replica do not resurrect', async t => {
  const replicas = new Replicas(3)
  const [a, b, stale] = [replicas.agent(0), replicas.agent(1), replicas.agent(2)]
  replicas.mint(a, 1, undefined, false)
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
  const [old, newer] = [replicas.mint(at, 1, undefined, false), replicas.mint(at, 1, undefined, false)]
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
  // A client that saw only the first version; the agent looks below the head that it does not cover.
  const all = () => [first.version, second.version]
  const exact = mintInput({
    counter: 3,
    createdAt: 3_000,
    exact: true,
    cover: contextAfterWrite(first.version),
  })
  const third = planMint(second.plan.summary, exact, { has: () => true, all })
  t.equal(third.version.seq, 2)
  t.equal(third.plan.summary.heads.length, 2)
  t.equal(third.plan.summary.maxSeq, 7)
})

t.test('clocks are never pruned: a context keeps every actor it ever saw', async t => {
  let context = emptyContext
  for (let n = 0; n < 500; n++) context = addDot(context, { actor: actor(n), counter: n + 1 }, 0)
  t.equal(context.vector.size, 500)
  t.equal(highestCounter(context, actor(77)), 78)
})

t.test('a plain overwrite, its replication and its pruning read no history, however long it is', async t => {
  const replicas = new Replicas(2)
  const [a, b] = [replicas.agent(0), replicas.agent(1)]
  const keep = 10
  for (let i = 0; i < 200; i++) {
    const held = [...a.state.versions.values()]
    replicas.mint(a, 2, undefined, false, held.length >= keep ? held.slice(0, 1) : [])
    b.receive(lastMessage(replicas))
  }
  t.equal(a.historyReads, 0)
  t.equal(b.historyReads, 0)
  t.equal(a.summary?.versionCount, keep)
  t.same(b.summary?.digest, a.summary?.digest)
  t.equal(closureOf(b.events).size, 200)
})

t.test('a removal of unbounded width reads the history once and looks nothing up', async t => {
  const replicas = new Replicas(1)
  const at = replicas.agent(0)
  for (let i = 0; i < 5; i++) replicas.mint(at, 1, undefined, false)
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
