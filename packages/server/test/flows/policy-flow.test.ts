import { parsePolicy } from '@torc/cluster/retention/policy'
import t from 'tap'
import type { BucketView } from '../../src/buckets/bucket-record.js'
import { purge } from '../../src/flows/delete-flow.js'
import { readKeyPolicy, setKeyPolicy } from '../../src/flows/policy-flow.js'
import { write } from '../../src/flows/put-flow.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket()
const key = 'key'
const limits = { timeoutMs: undefined, signal: undefined }
const settle = () => new Promise(setImmediate)

async function puts(cluster: FakeCluster, count: number, of: BucketView = bucket): Promise<string[]> {
  const ids: string[] = []
  for (let i = 0; i < count; i++) {
    ids.push((await write(cluster.c, await writeOf(cluster.c, of, key, 'x'))).version.id)
    await settle()
  }
  return ids
}

const show = (cluster: FakeCluster, of = bucket) => readKeyPolicy(cluster.c, { bucket: of, key, ...limits })
const set = (cluster: FakeCluster, text: string) =>
  setKeyPolicy(cluster.c, { bucket, key, policy: parsePolicy(text), ...limits })

t.test('what would go is what goes', async t => {
  const cluster = fakeCluster()
  const ids = await puts(cluster, 8)
  for (const [text, count] of [
    ['all', 0],
    ['global:9', 0],
    ['global:8', 1],
    ['dynamic:8', 2],
    ['global:3', 6],
    ['latest', 8],
  ] as const) {
    await set(cluster, text)
    const { own, versionCount, next } = await show(cluster)
    t.strictSame(own, parsePolicy(text))
    t.equal(versionCount, 8)
    t.strictSame(
      next.map(({ id }) => id),
      ids.slice(0, count),
      text,
    )
  }
  await set(cluster, 'global:3')
  const { next } = await show(cluster)
  const [last] = await puts(cluster, 1)
  await settle()
  const left = [...cluster.agent(0).stateOf(bucket.id, key).versions.values()].map(({ id }) => id)
  t.strictSame(new Set([...next.map(({ id }) => id), ...left]), new Set([...ids, last]))
  t.equal(left.length, 3)
})

t.test('without one of its own the bucket’s counts', async t => {
  const cluster = fakeCluster()
  const limited: BucketView = { ...bucket, policy: { kind: 'global', max: 2 } }
  const ids = await puts(cluster, 2)
  t.match(await show(cluster, limited), { own: undefined, next: [{ id: ids[0] }] })
  await set(cluster, 'all')
  t.match(await show(cluster, limited), { own: { kind: 'all' }, next: { length: 0 } })
  await set(cluster, 'inherit')
  t.match(await show(cluster, limited), { own: undefined, next: { length: 1 } })
})

t.test('an attribute, no version', async t => {
  const cluster = fakeCluster()
  await puts(cluster, 1)
  await set(cluster, 'global:2')
  await settle()
  for (const owner of cluster.owners(bucket, key)) {
    const { versions, attributes } = owner.stateOf(bucket.id, key)
    t.equal(versions.size, 1)
    t.equal(attributes.size, 1)
  }
})

t.test('the later of two counts, also where the first owner missed the earlier', async t => {
  const cluster = fakeCluster()
  await puts(cluster, 1)
  const [first] = cluster.owners(bucket, key)
  cluster.agents.down.add(first?.id ?? '')
  await set(cluster, 'global:2')
  cluster.agents.down.clear()
  await set(cluster, 'global:3')
  await settle()
  t.strictSame((await show(cluster)).own, { kind: 'global', max: 3 })
})

t.test('a key without versions', async t => {
  const cluster = fakeCluster()
  await t.rejects(set(cluster, 'latest'), { code: 'KEY_NOT_FOUND', hint: /first PUT/ })
  await t.rejects(show(cluster), { code: 'KEY_NOT_FOUND' })
  await puts(cluster, 1)
  await purge(cluster.c, { bucket, key, versionId: undefined, token: undefined, retry: false, ...limits })
  await settle()
  await t.rejects(set(cluster, 'latest'), { code: 'KEY_NOT_FOUND' })
})

t.test('too few owners', async t => {
  const cluster = fakeCluster()
  await puts(cluster, 1)
  const owners = cluster.owners(bucket, key).map(({ id }) => id)
  cluster.agents.down.add(owners[0] ?? '').add(owners[1] ?? '')
  await t.rejects(show(cluster), { code: 'UNAVAILABLE' })
  await t.rejects(set(cluster, 'latest'), { code: 'UNAVAILABLE' })
})
