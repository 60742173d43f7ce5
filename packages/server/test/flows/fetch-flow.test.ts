import t from 'tap'
import { type FetchedItem, type FetchedPage, gatherAll } from '../../src/flows/fetch-flow.js'
import { write } from '../../src/flows/put-flow.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket()
const put = async (cluster: FakeCluster, key: string, text: string, more = {}) =>
  write(cluster.c, await writeOf(cluster.c, bucket, key, text, more))

async function gather(
  cluster: FakeCluster,
  prefix = '',
): Promise<{ items: FetchedItem[]; end: FetchedPage['end'] }> {
  const items: FetchedItem[] = []
  let end: FetchedPage['end']
  for await (const page of gatherAll(cluster.c, {
    bucket,
    prefix,
    timeoutMs: undefined,
    signal: undefined,
  })) {
    items.push(...page.items)
    end = page.end
  }
  return { items, end }
}

t.test('each version once, with the agents that hold it', async t => {
  const cluster = fakeCluster({ agents: 4 })
  const one = await put(cluster, 'a', '1')
  const two = await put(cluster, 'a', '22')
  await put(cluster, 'b', '', { kind: 'marker' })
  await put(cluster, 'c/d', '3')
  await new Promise(setImmediate)
  const { items, end } = await gather(cluster)
  t.strictSame(
    items.map(({ key, size }) => [key, size]),
    [
      ['a', 2],
      ['a', 1],
      ['c/d', 1],
    ],
  )
  t.strictSame(items.map(({ versionId }) => versionId).slice(0, 2), [two.version.id, one.version.id])
  t.strictSame(new Set(items[0]?.agents), new Set(cluster.owners(bucket, 'a').map(({ id }) => id)))
  t.strictSame(end, { missing: [], silent: [] })
  t.strictSame(
    (await gather(cluster, 'c/')).items.map(({ key }) => key),
    ['c/d'],
  )
})

t.test('agents that are down or fall silent are named, with what they leave uncovered', async t => {
  const cluster = fakeCluster()
  await put(cluster, 'a', '1')
  await new Promise(setImmediate)
  const [first, second] = cluster.ids
  cluster.agents.down.add(first ?? '')
  const one = await gather(cluster)
  t.strictSame(one.end, { missing: [], silent: [first] }, 'two of three are R')
  t.equal(one.items.length, 1)
  cluster.agents.fault = ({ agent }) => (agent === second ? { kind: 'lost' } : undefined)
  const two = await gather(cluster)
  t.strictSame(two.end?.silent, [first, second])
  t.equal(two.end?.missing.length, 16)
  t.equal(two.items.length, 1, 'what is left is given all the same')
})

t.test('many items come in pages', async t => {
  const cluster = fakeCluster({ agents: 1, replicas: 1 })
  for (let i = 0; i < 1200; i++) await put(cluster, `key-${i}`, 'x')
  let pages = 0
  for await (const page of gatherAll(cluster.c, {
    bucket,
    prefix: '',
    timeoutMs: undefined,
    signal: undefined,
  })) {
    t.ok(page.items.length <= 500)
    pages++
  }
  t.ok(pages >= 4)
})
