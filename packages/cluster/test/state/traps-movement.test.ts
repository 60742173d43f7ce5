import t from 'tap'
import { contextOfDot, covers } from '../../src/clocks/causal-context.js'
import { dotText } from '../../src/clocks/dot.js'
import { makeState, mergeStates } from '../../src/state/key-state.js'
import { planMerge, planMint } from '../../src/state/key-summary.js'
import { mintInput } from '../support/long-history.js'
import { headsAt, heal, lastMessage, noVersions } from '../support/replica-steps.js'
import { Replicas } from '../support/replicas.js'
import { actor, opIdOf, version } from '../support/samples.js'

/** Failures around keys that move, disks that come back and agents that forget: the smallest histories of each. */

t.test('doomstone: a fallback that knows only the old purge does not kill a key made anew', async t => {
  const replicas = new Replicas(3)
  const [owner, fallback, other] = [replicas.agent(0), replicas.agent(1), replicas.agent(2)]
  replicas.mint(owner)
  fallback.receive(lastMessage(replicas))
  replicas.purge(fallback, replicas.takeToken(fallback))
  owner.receive(lastMessage(replicas))
  // The owner drops the remainder; what it knew lives on in its durable number.
  replicas.handOver(owner, other)
  const fresh = replicas.mint(owner)
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
  const first = replicas.mint(owner, { skip: 3 })
  replicas.handOver(owner, next)
  const second = replicas.mint(owner, { skip: 2 })
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
    noVersions,
  )
  const plan = planMerge(
    afterLate.summary,
    { context: contextOfDot(early.dot, early.after), versions: [early] },
    noVersions,
  )
  t.equal(plan.outcome, 'stored')
  t.same([...plan.summary.context.vector], [[a, 7]], 'the gap is closed')
  t.equal(plan.summary.context.cloud.size, 0)
})

t.test('hand-over: a fallback that mints, delivers, forgets and mints again deletes nothing', async t => {
  const replicas = new Replicas(3)
  const [owner, fallback, other] = [replicas.agent(0), replicas.agent(1), replicas.agent(2)]
  const first = replicas.mint(fallback)
  owner.receive(lastMessage(replicas))
  replicas.handOver(fallback, owner)
  const second = replicas.mint(fallback)
  t.equal(second.after, first.dot.counter)
  other.receive(lastMessage(replicas))
  replicas.handOver(fallback, other)
  heal(replicas)
  for (const at of [owner, other])
    t.same(headsAt(at).sort(), [dotText(first.dot), dotText(second.dot)].sort())
})

t.test('restored disk: an old copy under a new actor reuses no dot and brings nothing back', async t => {
  const replicas = new Replicas(2)
  const [a, b] = [replicas.agent(0), replicas.agent(1)]
  const old = replicas.mint(a)
  b.receive(lastMessage(replicas))
  replicas.snapshot(a)
  const lost = replicas.mint(a)
  b.receive(lastMessage(replicas))
  replicas.purge(b, replicas.takeToken(b))
  replicas.restore(a, b)
  t.same(headsAt(a), [dotText(old.dot)], 'as it was')
  const fresh = replicas.mint(a)
  t.not(fresh.dot.actor, lost.dot.actor)
  heal(replicas)
  for (const at of replicas.agents) t.same(headsAt(at), [dotText(fresh.dot)])
})

t.test('restored disk: under its old actor it would mint used dots, which are refused', async t => {
  const replicas = new Replicas(2)
  const [a, b] = [replicas.agent(0), replicas.agent(1)]
  replicas.mint(a)
  b.receive(lastMessage(replicas))
  const read = b.summary?.closed
  t.throws(() => planMint(undefined, mintInput({ actor: a.actor, counter: 1, cover: read })), {
    code: 'CONFLICT',
  })
})

t.test('a key made anew after a purge: what is left of the old one does it no harm', async t => {
  const replicas = new Replicas(3)
  const [a, b, stale] = [replicas.agent(0), replicas.agent(1), replicas.agent(2)]
  replicas.mint(a)
  stale.receive(lastMessage(replicas))
  const token = replicas.takeToken(a)
  replicas.purge(a, token)
  const purge = lastMessage(replicas)
  const fresh = replicas.mint(b)
  for (const at of replicas.agents) at.receive(purge)
  heal(replicas)
  for (const at of replicas.agents) t.same(headsAt(at), [dotText(fresh.dot)])
})

t.test('times: an overwrite is newer than what a fast clock wrote, however few have it', async t => {
  const replicas = new Replicas(2)
  const [fast, slow] = [replicas.agent(0), replicas.agent(1)]
  fast.time = 1_000_000
  const ahead = replicas.mint(fast)
  const reports = [fast.report()]
  const overwrite = replicas.mint(slow, { cover: replicas.clockRead(fast), reports })
  t.ok(overwrite.createdAt > ahead.createdAt)
  heal(replicas)
  for (const at of replicas.agents) t.same(headsAt(at), [dotText(overwrite.dot)])
})

t.test('no last write wins: both sides of a partition keep theirs, a write over both resolves', async t => {
  const replicas = new Replicas(4)
  const [a, b, c, d] = [replicas.agent(0), replicas.agent(1), replicas.agent(2), replicas.agent(3)]
  replicas.mint(a)
  for (const at of [b, c, d]) at.receive(lastMessage(replicas))
  const left = replicas.mint(a)
  b.receive(lastMessage(replicas))
  const right = replicas.mint(c)
  d.receive(lastMessage(replicas))
  heal(replicas)
  for (const at of replicas.agents) t.same(headsAt(at).sort(), [dotText(left.dot), dotText(right.dot)].sort())
  const merged = replicas.mint(b, { cover: replicas.takeToken(d), exact: true })
  heal(replicas)
  for (const at of replicas.agents) {
    t.same(headsAt(at), [dotText(merged.dot)])
    t.equal(at.summary?.versionCount, 4, 'with all its history')
  }
})
