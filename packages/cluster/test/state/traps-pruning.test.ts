import t from 'tap'
import {
  contextOfDot,
  covers,
  decodeContext,
  emptyContext,
  encodeContext,
  joinContexts,
} from '../../src/clocks/causal-context.js'
import { dotText } from '../../src/clocks/dot.js'
import { oldestWanted, prunedMax } from '../../src/retention/live-report.js'
import { parsePolicy, type RetentionPolicy } from '../../src/retention/policy.js'
import { closedContext } from '../../src/state/key-state.js'
import { planMerge, planMint } from '../../src/state/key-summary.js'
import { contextAfterWrite, type Version } from '../../src/state/version.js'
import { dotsOf, longHistories, nthInput, PlannedKey } from '../support/long-history.js'
import type { Agent } from '../support/replica-agent.js'
import { heal, lastMessage } from '../support/replica-steps.js'
import { type MintOptions, Replicas } from '../support/replicas.js'

/** What could go wrong when a policy prunes: each as the smallest history that shows it. */

function policy(text: string): RetentionPolicy {
  const parsed = parsePolicy(text)
  if (parsed === 'inherit') throw new Error('no policy of its own')
  return parsed
}

/** All agents, with the bucket's policy. */
function replicasUnder(text: string, count: number): { replicas: Replicas; agents: Agent[] } {
  const replicas = new Replicas(count)
  replicas.bucketPolicy = policy(text)
  return { replicas, agents: replicas.agents }
}

/** What a server reads of the others' clocks before it lets `at` mint. */
function clockReads(replicas: Replicas, at: Agent): MintOptions {
  const others = replicas.agents.filter(one => one !== at)
  const cover = others
    .map(one => replicas.clockRead(one))
    .reduce(
      (a, b) => ({ context: joinContexts(a.context, b.context), events: a.events | b.events }),
      replicas.tokenOf(emptyContext, []),
    )
  return { cover, reports: others.map(one => one.report()) }
}

/** A PUT as a server makes it: clock reads, mint at `at`, then the delta to those of `to`. */
function put(replicas: Replicas, at: Agent, to: readonly Agent[] = replicas.agents): Version {
  const made = replicas.mint(at, clockReads(replicas, at))
  for (const one of to) if (one !== at) one.receive(lastMessage(replicas))
  return made
}

function held(at: Agent): string[] {
  return [...at.state.versions.keys()].sort()
}

const names = (versions: readonly (Version | undefined)[]) =>
  versions.flatMap(one => (one === undefined ? [] : [dotText(one.dot)])).sort()

t.test('global:5 and dynamic:8, write by write, on all replicas', async t => {
  const counts = (text: string, writes: number) => {
    const { replicas, agents } = replicasUnder(text, 3)
    const seen: number[] = []
    for (let n = 0; n < writes; n++) {
      put(replicas, replicas.agent(n))
      const [first, ...others] = agents.map(at => at.summary?.digest)
      for (const other of others) t.same(other, first)
      seen.push(agents[0]?.summary?.versionCount ?? 0)
    }
    return seen
  }
  t.same(counts('global:5', 8), [1, 2, 3, 4, 5, 5, 5, 5])
  t.same(counts('dynamic:8', 12), [1, 2, 3, 4, 5, 6, 7, 8, 7, 8, 7, 8])
  t.same(counts('latest', 3), [1, 1, 1])
  t.same(counts('all', 9).at(-1), 9)
})

t.test('what goes is the oldest, and what stays is the newest', async t => {
  const { replicas, agents } = replicasUnder('global:3', 3)
  const made = Array.from({ length: 6 }, (_, n) => put(replicas, replicas.agent(n)))
  for (const at of agents) t.same(held(at), names(made.slice(3)))
})

t.test('two servers prune at once with the same view: each version goes once, both writes stay', async t => {
  const { replicas, agents } = replicasUnder('global:4', 3)
  const made = Array.from({ length: 4 }, () => put(replicas, replicas.agent(0)))
  const [a, b] = [replicas.agent(0), replicas.agent(1)]
  const reads = [clockReads(replicas, a), clockReads(replicas, b)]
  const [left, right] = [replicas.mint(a, reads[0]), replicas.mint(b, reads[1])]
  heal(replicas)
  for (const at of agents) {
    t.same(held(at), names([...made.slice(1), left, right]), 'both took the same one')
    t.same(dotsOf(at.summary?.heads ?? []).sort(), names([left, right]))
    t.same(at.summary?.digest, agents[0]?.summary?.digest)
  }
  // Five are there now; the next write takes what is too much.
  const next = put(replicas, replicas.agent(2))
  for (const at of agents) t.same(held(at), names([made[3], left, right, next]))
})

t.test('two servers prune at once with different views: what either took is gone, no head is', async t => {
  const { replicas, agents } = replicasUnder('all', 3)
  const [a, b] = [replicas.agent(0), replicas.agent(1)]
  const made = Array.from({ length: 3 }, () => put(replicas, a))
  const onlyA = put(replicas, a, [])
  const onlyB = replicas.mint(b)
  replicas.bucketPolicy = policy('global:3')
  // Neither hears of the other's side.
  const left = replicas.mint(a)
  const right = replicas.mint(b)
  heal(replicas)
  for (const at of agents) {
    t.same(held(at), names([made[2], onlyA, onlyB, left, right]))
    t.same(dotsOf(at.summary?.heads ?? []).sort(), names([left, right]))
  }
})

t.test('a repeated delta prunes nothing that came after it', async t => {
  const { replicas, agents } = replicasUnder('global:2', 2)
  for (let n = 0; n < 3; n++) put(replicas, replicas.agent(0))
  const pruning = lastMessage(replicas)
  put(replicas, replicas.agent(1))
  const before = agents.map(at => at.summary?.digest)
  for (const at of agents) at.receive(pruning)
  t.same(
    agents.map(at => at.summary?.digest),
    before,
  )
})

t.test('a pruned version that arrives late stays away', async t => {
  const { replicas } = replicasUnder('latest', 3)
  const [a, b, late] = [replicas.agent(0), replicas.agent(1), replicas.agent(2)]
  const old = put(replicas, a, [b])
  const delayed = lastMessage(replicas)
  const next = put(replicas, a)
  late.receive(delayed)
  t.equal(late.lastOutcome, 'seen')
  t.same(held(late), names([next]))
  heal(replicas)
  for (const at of replicas.agents) t.notOk(at.state.versions.has(dotText(old.dot)))
})

t.test('siblings: a token that does not cover a head keeps it, however many there are', async t => {
  const { replicas } = replicasUnder('global:2', 2)
  const [a, b] = [replicas.agent(0), replicas.agent(1)]
  const stale = replicas.tokenOf(emptyContext, [])
  const heads: Version[] = []
  for (let n = 0; n < 5; n++) {
    heads.push(replicas.mint(a, { cover: stale, exact: true, reports: [b.report()] }))
    b.receive(lastMessage(replicas))
  }
  t.same(held(a), names(heads), 'five heads where two versions are allowed')
  t.same(held(b), names(heads))
  const resolved = put(replicas, b)
  t.same(held(a), names([heads[4], resolved]), 'who covers them all may take them')
})

t.test('siblings: below a head that the token does not cover, the oldest go where all agree', async t => {
  const { replicas } = replicasUnder('global:3', 2)
  const [a, b] = [replicas.agent(0), replicas.agent(1)]
  const chain = Array.from({ length: 3 }, () => put(replicas, a))
  const stale = replicas.tokenOf(emptyContext, [])
  const sibling = replicas.mint(a, { cover: stale, exact: true, reports: [b.report()] })
  t.same(held(a), names([chain[1], chain[2], sibling]))
  b.receive(lastMessage(replicas))
  t.same(held(b), held(a))
  // Now b misses something: what lies below a head here could be the head there.
  replicas.mint(a)
  const another = replicas.mint(a, { cover: stale, exact: true, reports: [b.report()] })
  t.equal(a.summary?.versionCount, 4)
  t.ok(a.state.versions.has(dotText(another.dot)))
})

t.test('a head elsewhere is kept: what covers it here was removed there', async t => {
  const { replicas } = replicasUnder('all', 2)
  const [a, b] = [replicas.agent(0), replicas.agent(1)]
  const under = put(replicas, a)
  const over = put(replicas, a)
  replicas.removeVersion(b, over.dot)
  t.same(dotsOf(b.summary?.heads ?? []), names([under]))
  replicas.bucketPolicy = policy('latest')
  // A writer who saw neither: at `a` the older one looks like history.
  const stale = replicas.tokenOf(emptyContext, [])
  const made = replicas.mint(a, { cover: stale, exact: true, reports: [b.report()] })
  heal(replicas)
  for (const at of replicas.agents) t.same(held(at), names([under, made]))
})

t.test('a minter that lags: it counts what others hold and not what they removed', async t => {
  const { replicas, agents } = replicasUnder('global:4', 3)
  const [lagging, b, c] = [replicas.agent(0), replicas.agent(1), replicas.agent(2)]
  const made = Array.from({ length: 4 }, () => put(replicas, b))
  const away = [b, c]
  for (let n = 0; n < 3; n++) made.push(put(replicas, b, away))
  const [, , , , fifth] = made
  if (fifth === undefined) throw new Error('seven were made')
  replicas.removeVersion(b, fifth.dot)
  c.receive(lastMessage(replicas))
  t.same(held(b), names([made[3], made[5], made[6]]))
  // It holds the first four; three of them are gone elsewhere, and it never saw three more.
  const next = put(replicas, lagging)
  heal(replicas)
  for (const at of agents) t.same(held(at), names([made[3], made[5], made[6], next]))
})

t.test(
  'a minter that lags is not told of what only another knows: the cap is kept at the next write',
  async t => {
    const { replicas, agents } = replicasUnder('global:2', 2)
    const [a, b] = [replicas.agent(0), replicas.agent(1)]
    const first = put(replicas, a)
    replicas.mint(b)
    replicas.mint(b)
    replicas.mint(a)
    heal(replicas)
    t.equal(a.summary?.versionCount, 3, 'nobody saw more than two')
    t.notOk(a.state.versions.has(dotText(first.dot)))
    put(replicas, a)
    for (const at of agents) t.equal(at.summary?.versionCount, 2)
  },
)

t.test('a key policy that the minter missed counts when another owner tells of it', async t => {
  const { replicas } = replicasUnder('all', 2)
  const [a, b] = [replicas.agent(0), replicas.agent(1)]
  for (let n = 0; n < 4; n++) put(replicas, a)
  replicas.setAttribute(b, undefined, 'policy', Buffer.from('global:2'))
  t.equal(a.summary?.attributes.size, 0)
  put(replicas, a)
  t.equal(a.summary?.versionCount, 2)
  t.same(held(b), held(a))
})

t.test('closed tokens: what lay below a pruned version is not current again', async t => {
  // op1 covers op0; the writer of op2 holds op1 alone, as its replica missed op0.
  const { replicas } = replicasUnder('latest', 2)
  const [a, b] = [replicas.agent(0), replicas.agent(1)]
  const op0 = replicas.mint(a, { setPolicy: { kind: 'all' } })
  const op1 = replicas.mint(a)
  b.receive(lastMessage(replicas))
  t.notOk(covers(b.state.context, op0.dot), 'b never saw op0')
  t.ok(covers(closedContext(b.state), op0.dot), 'and its token covers it all the same')
  const op2 = replicas.mint(b, { setPolicy: { kind: 'latest' } })
  t.notOk(b.state.versions.has(dotText(op1.dot)))
  a.receive(lastMessage(replicas))
  t.same(dotsOf(a.summary?.heads ?? []), names([op2]))
  t.equal(a.summary?.versionCount, 2, 'op0 is history at a, which the next write takes')
  put(replicas, a)
  for (const at of replicas.agents) t.equal(at.summary?.versionCount, 1)
})

t.test('a delete marker at the cap is taken, and counts as a version', async t => {
  const { replicas, agents } = replicasUnder('global:3', 2)
  const made = Array.from({ length: 3 }, () => put(replicas, replicas.agent(0)))
  const marker = replicas.mint(replicas.agent(0), { kind: 'marker', reports: [replicas.agent(1).report()] })
  replicas.agent(1).receive(lastMessage(replicas))
  for (const at of agents) t.same(held(at), names([...made.slice(1), marker]))
  t.equal(marker.kind, 'marker')
})

t.test('a refused write prunes nothing', async t => {
  const [key = new PlannedKey()] = longHistories(5, 1)
  const before = key.summary
  const reports = [key.report()]
  const late = nthInput(6, { counter: 3, retention: { policy: policy('latest'), reports } })
  t.throws(() => planMint(key.summary, late, key.local), { code: 'CONFLICT' })
  t.equal(key.summary, before)
  t.equal(key.versions.size, 5)
})

t.test('10,000 versions: a mint at the cap and its merge look up what goes, and read no history', async t => {
  const count = 10_000
  const [minter, owner] = longHistories(count, 2)
  if (minter === undefined || owner === undefined) throw new Error('two replicas')
  const write = (n: number, text: string) => {
    const wanted = oldestWanted(policy(text), minter.summary.versionCount)
    const reports = [minter.report(wanted), owner.report(wanted)]
    minter.forgetReads()
    owner.forgetReads()
    const retention = { policy: policy(text), reports }
    const made = planMint(minter.summary, nthInput(n, { retention }), minter.local)
    minter.apply(made.plan)
    const delta = decodeContext(encodeContext(made.delta))
    owner.apply(planMerge(owner.summary, { context: delta, versions: [made.version] }, owner.local))
    t.same(owner.summary.digest, minter.summary.digest)
    return made
  }
  const one = write(count + 1, `global:${count}`)
  t.equal(one.pruned.length, 1)
  for (const { reads } of [minter, owner]) t.same(reads, { has: 0, get: 1, all: 0 })
  // A quarter of 10,000 at once.
  const many = write(count + 2, `dynamic:${count}`)
  t.equal(many.pruned.length, 2500)
  for (const { reads } of [minter, owner]) t.same(reads, { has: 0, get: 2500, all: 0 })
  const most = write(count + 3, 'latest')
  t.equal(most.pruned.length, 7501)
  for (const { reads } of [minter, owner]) t.equal(reads.all, 0)
  t.equal(minter.summary.versionCount, 1)
})

t.test('10,000 versions: a write below the cap, or with a context, looks nothing up', async t => {
  const [key = new PlannedKey()] = longHistories(10_000, 1)
  const token = contextAfterWrite([...key.versions.values()][4_999] ?? fail())
  const retention = { policy: policy('global:20000'), reports: [key.report(0), key.report(0)] }
  const plain = planMint(key.summary, nthInput(10_001, { retention }), key.local)
  const exact = { exact: true, cover: token, seenSeq: 5_000, retention }
  const sibling = planMint(key.summary, nthInput(10_001, exact), key.local)
  t.same(key.reads, { has: 0, get: 0, all: 0 })
  t.same(plain.pruned, [])
  t.equal(sibling.version.seq, 5_001)
  t.equal(sibling.plan.summary.heads.length, 2)
})

t.test('at most 8,192 versions go with one write; the next takes the rest', async t => {
  const [key = new PlannedKey()] = longHistories(9_000, 1)
  const latest = (n: number) => {
    const wanted = oldestWanted({ kind: 'latest' }, key.summary.versionCount)
    const retention = { policy: policy('latest'), reports: [key.report(wanted)] }
    const made = planMint(key.summary, nthInput(n, { retention }), key.local)
    key.apply(made.plan)
    return made.pruned.length
  }
  t.equal(latest(9_001), prunedMax)
  t.equal(latest(9_002), 9_001 - prunedMax)
  t.equal(key.summary.versionCount, 1)
})

t.test("the delta's context is as small as what went", async t => {
  const [key = new PlannedKey()] = longHistories(100, 1)
  const retention = { policy: policy('global:90'), reports: [key.report()] }
  const made = planMint(key.summary, nthInput(101, { retention }), key.local)
  t.equal(made.pruned.length, 11)
  for (const dot of made.pruned) t.ok(covers(made.delta, dot))
  const own = contextOfDot(made.version.dot, made.version.after)
  t.ok(encodeContext(made.delta).length < encodeContext(own).length + 11 * 6)
})

function fail(): never {
  throw new Error('shorter than it should be')
}
