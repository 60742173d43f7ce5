import { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import { parsePolicy } from '@torc/cluster/retention/policy'
import { versionIdOf } from '@torc/cluster/state/version'
import type { RequestOf } from '@torc/protocol/messages/table'
import fc from 'fast-check'
import t from 'tap'
import { purge } from '../../src/flows/delete-flow.js'
import { write } from '../../src/flows/put-flow.js'
import { completeEarlier } from '../../src/flows/repeat-flow.js'
import type { SentRequest } from '../fakes/fake-agents.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket()
const key = 'key'
const limits = { timeoutMs: undefined, signal: undefined }
const settle = () => new Promise(setImmediate)
const request = (cluster: FakeCluster, more = {}) => writeOf(cluster.c, bucket, key, 'x', more)
const attemptOf = ({ head }: SentRequest) => (head as RequestOf<'mint'>).attempt
const idsAt = (cluster: FakeCluster) =>
  cluster
    .owners(bucket, key)
    .map(owner => [...owner.stateOf(bucket.id, key).versions.values()].map(({ id }) => id))

t.test('a first attempt names none, the one after a look names it', async t => {
  const cluster = fakeCluster()
  const { agents } = cluster
  await write(cluster.c, await request(cluster))
  t.equal(agents.sent.filter(({ name }) => name === 'mint').map(attemptOf)[0], undefined)
  agents.sent.length = 0
  await write(cluster.c, await request(cluster, { retry: true }))
  const looks = agents.sent.filter(sent => sent.name === 'fetchKey' && attemptOf(sent) !== undefined)
  t.equal(looks.length, 3, 'all owners are asked')
  const [mint] = agents.sent.filter(({ name }) => name === 'mint')
  t.equal(looks[0] && attemptOf(looks[0])?.length, 8)
  t.strictSame(mint && attemptOf(mint), looks[0] && attemptOf(looks[0]))
})

t.test('a mint that comes late makes no twin', async t => {
  const cluster = fakeCluster()
  const { agents } = cluster
  const [first] = cluster.owners(bucket, key)
  let late: SentRequest | undefined
  agents.fault = sent => {
    if (sent.agent === first?.id && sent.name === 'merge') return { kind: 'lost' }
    if (sent.name !== 'mint' || late !== undefined) return undefined
    late = sent
    return { kind: 'lost' }
  }
  const outcome = await write(cluster.c, await request(cluster))
  await settle()
  t.not(outcome.mintedBy, first?.id)
  const { id } = outcome.version
  t.strictSame(idsAt(cluster), [[], [id], [id]])
  // The server gave up on the first mint; it was only slow.
  t.throws(() => first?.answer('mint', late?.head, Buffer.from('x')), { code: 'SUPERSEDED' })
  t.strictSame(idsAt(cluster), [[], [id], [id]])
})

t.test('a retry through another server: the first server’s mint is refused', async t => {
  const cluster = fakeCluster()
  const { agents } = cluster
  const first = await request(cluster)
  let release: () => void = () => {}
  let held = false
  agents.gate = ({ name }) => {
    if (name !== 'mint' || held) return undefined
    held = true
    return new Promise<void>(resolve => {
      release = resolve
    })
  }
  const slow = write(cluster.c, first)
  while (!held) await settle()
  const outcome = await write(cluster.c, { ...first, retry: true })
  await purge(cluster.c, { bucket, key, versionId: undefined, token: undefined, retry: false, ...limits })
  release()
  await t.rejects(slow, { code: 'SUPERSEDED' })
  await settle()
  t.equal(outcome.version.id, versionIdOf(first.opId))
  t.strictSame(idsAt(cluster), [[], [], []], 'what was purged stays so')
})

t.test('a retry that another look overtakes looks again', async t => {
  const cluster = fakeCluster()
  const first = await request(cluster, { retry: true })
  const other = { bucket, key, opId: first.opId, ...limits }
  let overtaken = 0
  cluster.agents.gate = async ({ name }) => {
    if (name === 'mint' && ++overtaken < 3) t.equal(await completeEarlier(cluster.c, other), undefined)
  }
  const outcome = await write(cluster.c, first)
  t.equal(cluster.agents.sentTo('mint').length, 3)
  await settle()
  t.strictSame(new Set(idsAt(cluster).flat()), new Set([outcome.version.id]))
  t.equal((await completeEarlier(cluster.c, other))?.version.id, outcome.version.id)
})

t.test('and gives up when it is overtaken by every owner', async t => {
  const cluster = fakeCluster()
  const first = await request(cluster, { retry: true })
  cluster.agents.gate = async ({ name }) => {
    if (name === 'mint') await completeEarlier(cluster.c, { bucket, key, opId: first.opId, ...limits })
  }
  await t.rejects(write(cluster.c, first), { code: 'SUPERSEDED', hint: /later attempt/ })
  t.strictSame(idsAt(cluster), [[], [], []])
})

t.test('two retries at once: one version, and both are told of it', async t => {
  const cluster = fakeCluster()
  const first = await request(cluster, { retry: true })
  const outcomes = await Promise.allSettled([write(cluster.c, first), write(cluster.c, first)])
  await settle()
  t.strictSame(new Set(idsAt(cluster).flat()), new Set([versionIdOf(first.opId)]))
  t.ok(outcomes.some(({ status }) => status === 'fulfilled'))
  const dots = cluster.owners(bucket, key).map(owner => [...owner.stateOf(bucket.id, key).versions.keys()])
  t.equal(new Set(dots.flat()).size, 1, 'one dot')
})

t.test('looks that cross: one of the attempts mints, the other finds what it made', async t => {
  const cluster = fakeCluster()
  const { agents } = cluster
  const [one, two] = cluster.owners(bucket, key)
  let mints = 0
  const looks: { sent: SentRequest; go: () => void }[] = []
  agents.fault = ({ name }) => (name === 'mint' && ++mints === 1 ? { kind: 'lost' } : undefined)
  agents.gate = async sent => {
    if (sent.name === 'merge') while (agents.sentTo('mint').length < 3) await settle()
    if (sent.name !== 'fetchKey' || attemptOf(sent) === undefined || looks.length === 6) return
    await new Promise<void>(go => void looks.push({ sent, go }))
  }
  const first = await request(cluster)
  // The mint of `earlier` is lost on its way to the first owner, so that it looks and goes on with the second one.
  const earlier = write(cluster.c, first)
  while (looks.length < 3) await settle()
  const retry = write(cluster.c, { ...first, retry: true })
  while (looks.length < 6) await settle()
  const [a, b] = [looks.slice(0, 3), looks.slice(3)]
  const arrive = (of: typeof looks, where: string | undefined) =>
    of.find(({ sent }) => sent.agent === where)?.go()
  arrive(a, one?.id)
  arrive(b, two?.id)
  await settle()
  for (const { go } of [...b, ...a]) go()
  const outcomes = await Promise.all([earlier, retry])
  await settle()
  for (const { version } of outcomes) t.equal(version.id, versionIdOf(first.opId))
  const dots = cluster.owners(bucket, key).map(owner => [...owner.stateOf(bucket.id, key).versions.keys()])
  t.equal(new Set(dots.flat()).size, 1, 'one dot')
})

t.test('after a mint was sent, a change of the layout under way looks first', async t => {
  const cluster = fakeCluster()
  const { agents } = cluster
  const { LayoutKeeper } = await import('../../src/layout/layout-keeper.js')
  const old = cluster.c.layouts.require()
  // A keeper that has to learn the layout once more: its number changes from 0 to 1.
  const layouts = new LayoutKeeper(cluster.environment.hasher, cluster.c.log)
  Object.defineProperty(layouts, 'require', { value: () => old })
  let mints = 0
  let stale = true
  agents.fault = sent => {
    if (sent.name === 'mint' && mints++ === 0) return { kind: 'answer lost' }
    if (sent.name === 'fetchKey' && attemptOf(sent) !== undefined && stale) {
      stale = false
      return { kind: 'refused', code: 'STALE_EPOCH' }
    }
    return undefined
  }
  const first = await request(cluster)
  const outcome = await write({ ...cluster.c, layouts }, first)
  t.equal(outcome.version.id, versionIdOf(first.opId))
  t.equal(agents.sentTo('mint').length, 1, 'found, not minted again')
  await settle()
  t.strictSame(new Set(idsAt(cluster).flat()), new Set([outcome.version.id]))
})

t.test(
  'when the layout can’t be learned after a mint was sent, nobody says that nothing was written',
  async t => {
    const cluster = fakeCluster()
    let mints = 0
    cluster.agents.fault = sent => {
      if (sent.name === 'mint' && mints++ === 0) return { kind: 'answer lost' }
      if (sent.name === 'fetchKey' && attemptOf(sent) !== undefined)
        return { kind: 'refused', code: 'STALE_EPOCH' }
      return undefined
    }
    await t.rejects(write(cluster.c, await request(cluster)), {
      code: 'INDETERMINATE',
      message: /STALE_EPOCH/,
    })
  },
)

t.test('what was removed since is not written again', async t => {
  for (const how of ['pruned', 'purged'] as const) {
    const cluster = fakeCluster()
    const first = await request(cluster)
    await write(cluster.c, first)
    if (how === 'pruned') {
      await write(cluster.c, await request(cluster, { policy: parsePolicy('latest') }))
    } else {
      await purge(cluster.c, { bucket, key, versionId: undefined, token: undefined, retry: false, ...limits })
    }
    await settle()
    const before = idsAt(cluster)
    await t.rejects(write(cluster.c, { ...first, retry: true }), {
      code: 'SUPERSEDED',
      message: new RegExp(how),
      details: { how },
    })
    await t.rejects(
      write(cluster.c, first),
      { code: 'SUPERSEDED' },
      'nor by its minter, asked without a look',
    )
    t.strictSame(idsAt(cluster), before)
  }
})

t.test('a repeated write names the siblings, and brings the policy that was set with it', async t => {
  const cluster = fakeCluster()
  const sibling = await write(cluster.c, await request(cluster))
  const first = await request(cluster, {
    token: { context: { vector: new Map(), cloud: new Map() }, newest: 0, seq: 0 },
    policy: parsePolicy('global:9'),
  })
  cluster.agents.fault = ({ name }) => (name === 'merge' ? { kind: 'lost' } : undefined)
  await t.rejects(write(cluster.c, first), { code: 'INDETERMINATE' })
  cluster.agents.fault = undefined
  const again = await write(cluster.c, { ...first, retry: true })
  t.strictSame(again.siblings, [sibling.version.id])
  t.ok(again.replicas.length >= 2)
  await settle()
  for (const owner of cluster.owners(bucket, key))
    t.equal(owner.stateOf(bucket.id, key).attributes.size, 1, 'on every owner')
})

t.test('too few owners take what an earlier attempt left', async t => {
  const cluster = fakeCluster()
  const first = await request(cluster)
  cluster.agents.fault = ({ name }) => (name === 'merge' ? { kind: 'lost' } : undefined)
  await t.rejects(write(cluster.c, first), { code: 'INDETERMINATE' })
  await t.rejects(write(cluster.c, { ...first, retry: true }), {
    code: 'INDETERMINATE',
    message: /earlier attempt is on 1 of 2/,
  })
})

/** Of a server that nobody sets right: which look is the later one then says nothing of which came first. */
class StubbornClock extends HybridClock {
  aheadMs = 0

  override now(): number {
    return super.now() + this.aheadMs * 1000
  }

  override observe(): void {}
}

t.test('property: while every look reaches all owners, an operation has one dot', async t => {
  const step = fc.record({
    kind: fc.constantFrom('go', 'lose', 'lose answer', 'late'),
    of: fc.nat({ max: 20 }),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 4 }),
      fc.array(step, { maxLength: 60 }),
      fc.option(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), { nil: undefined }),
      async (servers, steps, secondsAhead) => {
        const cluster = fakeCluster()
        const { agents } = cluster
        const waiting: (() => void)[] = []
        const faults: ('lose' | 'lose answer')[] = []
        const late: SentRequest[] = []
        agents.gate = () => new Promise<void>(resolve => void waiting.push(resolve))
        agents.fault = sent => {
          if (sent.name !== 'mint') return undefined
          const fault = faults.shift()
          if (fault === 'lose') late.push(sent)
          return fault === undefined ? undefined : { kind: fault === 'lose' ? 'lost' : 'answer lost' }
        }
        const first = await request(cluster)
        const writes = Array.from({ length: servers }, (_, i) => {
          const hybridClock = new StubbornClock(cluster.environment.clock)
          hybridClock.aheadMs = (secondsAhead?.[i] ?? 0) * 1000
          const c = secondsAhead === undefined ? cluster.c : { ...cluster.c, hybridClock }
          return write(c, { ...first, retry: i > 0 })
        })
        const all = Promise.allSettled(writes)
        const deliver = ({ agent, head }: SentRequest) => {
          try {
            agents.agents.get(agent)?.answer('mint', head, Buffer.from('x'))
          } catch (error) {
            t.match(error, { code: 'SUPERSEDED' })
          }
        }
        for (const { kind, of } of steps) {
          await settle()
          if (kind === 'go') waiting.splice(of % Math.max(1, waiting.length), 1)[0]?.()
          else if (kind === 'late') late.splice(of % Math.max(1, late.length), 1).forEach(deliver)
          else faults.push(kind)
        }
        let over = false
        void all.then(() => {
          over = true
        })
        while (!over) {
          for (const go of waiting.splice(0)) go()
          await settle()
        }
        for (const go of waiting.splice(0)) go()
        await settle()
        late.forEach(deliver)
        const dots = cluster
          .owners(bucket, key)
          .flatMap(owner => [...owner.stateOf(bucket.id, key).versions.keys()])
        return new Set(dots).size <= 1
      },
    ),
    { numRuns: 200 },
  )
})
