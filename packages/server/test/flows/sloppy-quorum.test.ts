import { emptyContext } from '@torc/cluster/clocks/causal-context'
import { headsOf } from '@torc/cluster/state/key-state'
import { contextAfterWrite } from '@torc/cluster/state/version'
import t from 'tap'
import type { BucketView } from '../../src/buckets/bucket-record.js'
import { purge } from '../../src/flows/delete-flow.js'
import { read } from '../../src/flows/get-flow.js'
import { write } from '../../src/flows/put-flow.js'
import { listPage } from '../../src/list/list-flow.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket()
const strict: BucketView = { ...bucket, strict: true }
const limitless = { timeoutMs: undefined, signal: undefined }

interface Ring {
  readonly cluster: FakeCluster
  readonly owners: readonly string[]
  readonly others: readonly string[]
}

/** Five agents, and who is who for the key. */
function ring(agents = 5): Ring {
  const cluster = fakeCluster({ agents })
  const owners = cluster.owners(bucket, 'key').map(({ id }) => id)
  const layout = cluster.c.layouts.require()
  const partition = layout.partitionOfKey(cluster.environment.hasher, bucket.id, 'key')
  return { cluster, owners, others: layout.fallbacks(partition, 3) }
}

const put = async ({ cluster }: Ring, text: string, view = bucket, more = {}) =>
  write(cluster.c, await writeOf(cluster.c, view, 'key', text, more))
const get = ({ cluster }: Ring, view = bucket) =>
  read(cluster.c, { bucket: view, key: 'key', versionId: undefined, ...limitless })
const list = ({ cluster }: Ring, view = bucket) =>
  listPage(cluster.c, {
    ...{ bucket: view, prefix: '', delimiter: undefined, what: 'keys', limit: 10 },
    ...{ startAfter: undefined, token: undefined, ...limitless },
  })
const take = (set: Set<string>, ...agents: (string | undefined)[]): void => {
  for (const agent of agents) if (agent !== undefined) set.add(agent)
}
const hintsOf = ({ cluster }: Ring, agent: string | undefined): string[] => {
  const found = [...cluster.agents.agents.values()].find(({ id }) => id === agent)
  return [...(found?.hints.values() ?? [])].flatMap(owners => [...owners])
}

t.test('the next agents of the ring keep hints for owners that are down', async t => {
  const r = ring()
  const [a, b, c] = r.owners
  take(r.cluster.agents.down, a, b)
  const outcome = await put(r, 'x')
  t.equal(outcome.mintedBy, c)
  t.strictSame(outcome.down, [a, b])
  await Promise.resolve()
  t.strictSame(hintsOf(r, r.others[0]), [a])
  t.strictSame(hintsOf(r, r.others[1]), [b])
  t.ok(outcome.hinted.size >= 1)
  t.strictSame(outcome.placement.owners, r.owners)
})

t.test('a stand-in mints where no owner is left, and stands for those without a stand-in', async t => {
  const r = ring(4)
  take(r.cluster.agents.down, ...r.owners.slice(0, 2))
  const outcome = await put(r, 'x')
  t.strictSame([...outcome.hinted], [[r.others[0], r.owners.slice(0, 2)]])
  take(r.cluster.agents.down, r.owners[2])
  await t.rejects(put(r, 'y'), { code: 'UNAVAILABLE', message: /1 of the others can stand in/ })
  const five = ring(5)
  take(five.cluster.agents.down, ...five.owners)
  const minted = await put(five, 'z')
  t.equal(minted.mintedBy, five.others[0])
  t.equal(minted.replicas.length, 2)
})

t.test('an owner that fails under way gets a stand-in', async t => {
  const r = ring()
  const [, b, c] = r.owners
  r.cluster.agents.fault = ({ agent, name }) =>
    name === 'merge' && (agent === b || agent === c) ? { kind: 'lost', code: 'UNREACHABLE' } : undefined
  const outcome = await put(r, 'x')
  t.equal(outcome.mintedBy, r.owners[0])
  t.ok(outcome.hinted.size >= 1)
  t.ok(outcome.down.length >= 1)
})

t.test('a strict bucket counts owners only', async t => {
  const r = ring()
  take(r.cluster.agents.down, ...r.owners.slice(0, 2))
  await t.rejects(put(r, 'x', strict), { code: 'UNAVAILABLE', message: /strict/ })
  t.strictSame(r.cluster.agents.sent, [])
})

t.test('what is only in hints is read, overwritten, listed and purged', async t => {
  const r = ring()
  const { c, agents } = r.cluster
  take(agents.down, ...r.owners)
  const one = await put(r, 'one')
  agents.down.clear()
  const found = await get(r)
  t.equal(found.version.id, one.version.id)
  t.notOk(found.degraded)
  const page = await list(r)
  t.equal(page.entries.length, 1)
  const two = await put(r, 'two')
  t.strictSame(two.siblings, [], 'it covers what was in the hint')
  const { removed } = await purge(c, {
    ...{ bucket, key: 'key', versionId: undefined, token: undefined, retry: false },
    ...limitless,
  })
  t.ok(removed.includes(two.version.id))
  await t.rejects(get(r), { code: 'KEY_NOT_FOUND' })
})

t.test('a purge that is in hints only hides what it purged', async t => {
  const r = ring()
  const { c, agents } = r.cluster
  const one = await put(r, 'one')
  take(agents.down, ...r.owners.slice(0, 2))
  const context = contextAfterWrite(one.version)
  const token = { context, newest: one.version.createdAt, seq: one.version.seq }
  await purge(c, { bucket, key: 'key', versionId: undefined, token, retry: false, ...limitless })
  agents.down.clear()
  take(agents.down, r.owners[2])
  await t.rejects(get(r), { code: 'KEY_NOT_FOUND' }, 'two owners have it still; a holder knows better')
})

t.test('a holder that is silent: degraded, and in a strict bucket unavailable', async t => {
  const r = ring()
  const { agents } = r.cluster
  take(agents.down, r.owners[0])
  await put(r, 'x')
  agents.down.clear()
  take(agents.down, r.others[0])
  t.equal((await get(r)).degraded, true)
  await t.rejects(get(r, strict), { code: 'UNAVAILABLE', message: /may hold newer writes/ })
})

t.test('a holder that is gone for good, as the layout says, is not waited for', async t => {
  const r = ring()
  const { agents } = r.cluster
  take(agents.down, r.owners[0])
  await put(r, 'x')
  agents.down.clear()
  const [holder] = r.others
  take(agents.down, holder)
  await t.rejects(list(r, strict), { code: 'UNAVAILABLE', message: /may hold newer writes/ })
  Object.assign(r.cluster.c.layouts.require(), { isGivenUp: (agent: string) => agent === holder })
  t.equal((await get(r)).degraded, false)
  t.equal((await get(r, strict)).degraded, false)
  t.equal((await list(r, strict)).entries.length, 1)
})

t.test('hints of others are nothing to a bucket that was strict from the first', async t => {
  const r = ring()
  const { agents } = r.cluster
  const always: BucketView = { ...strict, neverHinted: true }
  await put(r, 'x', always)
  const { c, environment } = r.cluster
  const partition = c.layouts.require().partitionOfKey(environment.hasher, bucket.id, 'key')
  const [holder = ''] = r.others
  c.hints.note(holder, 1, partition, 1)
  take(agents.down, holder)
  t.equal((await get(r, always)).degraded, false)
  await t.rejects(get(r, strict), { code: 'UNAVAILABLE' }, 'one that became strict may have some')
})

t.test('holders make up for owners, but cannot tell that a key is not there', async t => {
  const r = ring(4)
  const { agents } = r.cluster
  take(agents.down, ...r.owners.slice(0, 2))
  const { version } = await put(r, 'x')
  const found = await get(r)
  t.equal(found.version.id, version.id)
  t.ok(found.degraded)
  const layout = r.cluster.c.layouts.require()
  const hasher = r.cluster.environment.hasher
  const partition = layout.partitionOfKey(hasher, bucket.id, 'key')
  const other = Array.from({ length: 4000 }, (_, i) => `other-${i}`).find(
    key => layout.partitionOfKey(hasher, bucket.id, key) === partition,
  )
  await t.rejects(read(r.cluster.c, { bucket, key: other ?? '', versionId: undefined, ...limitless }), {
    code: 'UNAVAILABLE',
  })
})

t.test('a repeated write is found where it is hinted only', async t => {
  const r = ring()
  const { agents } = r.cluster
  const opId = Buffer.alloc(16, 9)
  take(agents.down, ...r.owners)
  agents.fault = ({ name }) => {
    if (name === 'mint') return { kind: 'answer lost' }
    return name === 'fetchKey' ? { kind: 'lost' } : undefined
  }
  await t.rejects(put(r, 'x', bucket, { opId }), { code: 'INDETERMINATE' })
  agents.fault = undefined
  agents.down.clear()
  const outcome = await put(r, 'x', bucket, { opId, retry: true })
  t.ok(r.others.includes(outcome.mintedBy), 'nothing is minted again')
  const [owner] = r.cluster.owners(bucket, 'key')
  t.equal(headsOf(owner?.stateOf(bucket.id, 'key').versions.values() ?? []).length, 1)
  t.not(outcome.version.context, emptyContext)
})

t.test('a large body with an owner of its blocks down', async t => {
  const r = ring()
  const { agents } = r.cluster
  take(agents.down, r.owners[0])
  await put(r, Buffer.alloc(100_000, 1) as never)
  const holders = [...agents.agents.values()].filter(({ blocks }) => blocks.size > 0)
  t.ok(holders.length >= 2)
  agents.down.clear()
  const found = await get(r)
  t.equal(found.version.blocks?.length, 1)
})
