import { limits } from '@torc/protocol/limits'
import t from 'tap'
import { purge } from '../../src/flows/delete-flow.js'
import { write } from '../../src/flows/put-flow.js'
import { type ListRequest, listPage } from '../../src/list/list-flow.js'
import { pageKeysMin } from '../../src/list/page-size.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

// What a listing costs is what it asks of agents: they read (and send) at most that, seeking to where it begins.

const ends = { timeoutMs: undefined, signal: undefined }
const bucket = testBucket(3, 2, 2)
const request = (more: Partial<ListRequest>): ListRequest => ({
  bucket,
  what: 'keys',
  prefix: '',
  delimiter: undefined,
  limit: 1000,
  startAfter: undefined,
  token: undefined,
  ...ends,
  ...more,
})
const settle = () => new Promise(setImmediate)

async function filled(keys: Iterable<string>, options = {}): Promise<FakeCluster> {
  const cluster = fakeCluster(options)
  // Without a clock read, which a first version does not need.
  const quick = testBucket(3, 1, 3)
  for (const key of keys) await write(cluster.c, await writeOf(cluster.c, quick, key, ''))
  await settle()
  return cluster
}

/** Keys asked of all agents together for one page, and the requests. */
async function costOf(cluster: FakeCluster, more: Partial<ListRequest>) {
  cluster.agents.sent.length = 0
  const page = await listPage(cluster.c, request(more))
  const ranges = cluster.agents.sent.filter(({ name }) => name === 'fetchRange')
  const others = cluster.agents.sent.length - ranges.length
  const keys = ranges.reduce((sum, { head }) => sum + (head as { limit: number }).limit, 0)
  return { page, keys, requests: ranges.length, others }
}

function* numbered(count: number, prefix = ''): Generator<string> {
  for (let i = 0; i < count; i++) yield `${prefix}${String(i).padStart(6, '0')}`
}

t.test('a page asks for what it shows, wherever it is and however large the bucket', async t => {
  const small = await filled(numbered(300))
  const large = await filled(numbered(1500))
  for (const limit of [16, 50, 200]) {
    const costs = [
      await costOf(small, { limit, startAfter: '000050' }),
      await costOf(large, { limit, startAfter: '000050' }),
      await costOf(large, { limit, startAfter: '001000' }),
    ]
    for (const { page, keys, requests, others } of costs) {
      t.equal(page.entries.length, limit)
      // Two agents cover three owners at R = 2, and each key needs two reports.
      t.equal(keys, 2 * limit)
      t.equal(requests, 2)
      t.equal(others, 0)
    }
  }
})

t.test('more agents share a page between them', async t => {
  const cluster = await filled(numbered(1200), { agents: 9, partitions: 256 })
  const { page, keys } = await costOf(cluster, { limit: 500 })
  t.equal(page.entries.length, 500)
  // Three owners of each key at most are among those that cover it twice.
  t.ok(keys >= 2 * 500 && keys <= 3.6 * 500, `${keys} keys`)
})

t.test('each common prefix costs a probe and a seek, however much lies under it', async t => {
  const cluster = await filled(
    (function* () {
      for (let i = 0; i < 10; i++) yield* numbered(150, `p${i}/`)
    })(),
  )
  const { page, keys, requests } = await costOf(cluster, { delimiter: '/' })
  t.equal(page.entries.length, 10)
  t.ok(keys <= 2 * 11 * pageKeysMin, `${keys} keys`)
  t.ok(requests <= 2 * 11, `${requests} requests`)
  const one = await costOf(cluster, { delimiter: '/', limit: 1, startAfter: 'p5' })
  t.ok(one.keys <= 2 * pageKeysMin)
})

t.test('short prefixes and single keys come many to a request', async t => {
  const cluster = await filled(
    (function* () {
      for (let i = 0; i < 400; i++) yield* numbered(3, `p${String(i).padStart(3, '0')}/`)
    })(),
  )
  const { page, keys, requests } = await costOf(cluster, { delimiter: '/' })
  t.equal(page.entries.length, 400)
  t.ok(keys <= 2 * 2 * 1200, `${keys} keys`)
  t.ok(requests <= 2 * 7, `${requests} requests`)
  const flat = await filled(numbered(1200))
  const all = await costOf(flat, { delimiter: '/', limit: 1000 })
  t.equal(all.page.entries.length, 1000)
  t.ok(all.keys <= 2 * 1100, `${all.keys} keys`)
})

t.test('a stretch of deleted keys is passed in pages that double', async t => {
  const cluster = await filled(numbered(1500))
  for (const key of numbered(1400)) {
    await purge(cluster.c, { bucket, key, versionId: undefined, token: undefined, retry: false, ...ends })
  }
  await settle()
  const { page, requests } = await costOf(cluster, { limit: 20 })
  t.equal(page.entries.length, 20)
  t.ok(requests <= 2 * 8, `${requests} requests`)
})

t.test('a page of versions asks for the keys that it needs', async t => {
  const cluster = fakeCluster()
  for (let i = 0; i < 10; i++)
    for (const key of numbered(100)) await write(cluster.c, await writeOf(cluster.c, bucket, key, ''))
  await settle()
  const { page, keys } = await costOf(cluster, { what: 'versions', limit: 700 })
  t.equal(page.entries.length, 700)
  t.ok(keys <= 2 * (64 + 16), `${keys} keys`)
  const few = await costOf(cluster, { what: 'versions', limit: 20 })
  t.ok(few.keys <= 2 * 20)
  t.ok(limits.listLimitMax >= 700)
})

t.test('keys under a prefix that shows already are not judged, even where replicas differ', async t => {
  const cluster = await filled(numbered(60, 'p/'))
  const [stale] = cluster.ids
  cluster.agents.down.add(stale ?? '')
  for (const key of numbered(60, 'p/')) await write(cluster.c, await writeOf(cluster.c, bucket, key, ''))
  await settle()
  cluster.agents.down.clear()
  const { page, others } = await costOf(cluster, { delimiter: '/' })
  t.equal(page.entries.length, 1)
  t.equal(others, 0)
})
