import { contextAfterWrite } from '@torc/cluster/state/version'
import t from 'tap'
import { type DeleteRequest, purge } from '../../src/flows/delete-flow.js'
import { read } from '../../src/flows/get-flow.js'
import { write } from '../../src/flows/put-flow.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket()
const request = (more: Partial<DeleteRequest> = {}): DeleteRequest => ({
  bucket,
  key: 'key',
  versionId: undefined,
  token: undefined,
  retry: false,
  timeoutMs: undefined,
  signal: undefined,
  ...more,
})
const put = async (cluster: FakeCluster, text: string, more = {}) =>
  write(cluster.c, await writeOf(cluster.c, bucket, 'key', text, more))
const get = (cluster: FakeCluster) =>
  read(cluster.c, { bucket, key: 'key', versionId: undefined, timeoutMs: undefined, signal: undefined })

t.test('purges all versions of a key', async t => {
  const cluster = fakeCluster()
  const one = await put(cluster, 'one')
  const two = await put(cluster, 'two')
  const { removed } = await purge(cluster.c, request())
  t.strictSame(new Set(removed), new Set([one.version.id, two.version.id]))
  await t.rejects(get(cluster), { code: 'KEY_NOT_FOUND' })
})

t.test('what is not there is purged already', async t => {
  const cluster = fakeCluster()
  t.strictSame((await purge(cluster.c, request())).removed, [])
  t.strictSame(cluster.agents.sentTo('merge'), [])
  await t.rejects(purge(cluster.c, request({ versionId: 'abc' })), { code: 'VERSION_NOT_FOUND' })
  t.strictSame((await purge(cluster.c, request({ versionId: 'abc', retry: true }))).removed, [])
})

t.test('a version: the one below it is current again', async t => {
  const cluster = fakeCluster()
  const one = await put(cluster, 'one')
  const two = await put(cluster, 'two')
  const { removed } = await purge(cluster.c, request({ versionId: two.version.id.slice(0, 12) }))
  t.strictSame(removed, [two.version.id])
  t.equal((await get(cluster)).version.id, one.version.id)
})

t.test('with a context: a write made meanwhile survives', async t => {
  const cluster = fakeCluster()
  const one = await put(cluster, 'one')
  const token = {
    context: contextAfterWrite(one.version),
    newest: one.version.createdAt,
    seq: one.version.seq,
  }
  const meanwhile = await put(cluster, 'meanwhile', { token })
  const { removed } = await purge(cluster.c, request({ token }))
  t.strictSame(removed, [one.version.id])
  t.equal((await get(cluster)).version.id, meanwhile.version.id)
})

t.test('an attempt that comes after a later one was answered takes nothing', async t => {
  const cluster = fakeCluster()
  const one = await put(cluster, 'one')
  const opId = Buffer.alloc(16, 7)
  t.strictSame((await purge(cluster.c, request({ opId, retry: true }))).removed, [one.version.id])
  const later = await put(cluster, 'written since')
  const late = () => purge(cluster.c, request({ opId }))
  await t.rejects(late(), { code: 'CLOCK_UNREAD', message: /SUPERSEDED/ })
  // Also where one owner has forgotten it, and where it had read before.
  const [first, ...others] = cluster.owners(bucket, 'key')
  first?.fences.clear()
  await t.rejects(late(), { code: 'CLOCK_UNREAD', message: /SUPERSEDED/ })
  t.equal((await get(cluster)).version.id, later.version.id)
  const fences = others.map(agent => [agent, [...agent.fences]] as const)
  for (const [agent] of fences) agent.fences.clear()
  cluster.agents.fault = ({ name }) => {
    if (name === 'merge')
      for (const [agent, kept] of fences) for (const [id, attempt] of kept) agent.fences.set(id, attempt)
    return undefined
  }
  await t.rejects(late(), { code: 'INDETERMINATE', message: /SUPERSEDED/ })
  cluster.agents.fault = undefined
})

t.test('too few owners', async t => {
  const cluster = fakeCluster()
  await put(cluster, 'one')
  cluster.agents.fault = ({ name }) => (name === 'merge' ? { kind: 'lost' } : undefined)
  await t.rejects(purge(cluster.c, request()), { code: 'INDETERMINATE' })
  cluster.agents.fault = undefined
  const [first, second] = cluster.owners(bucket, 'key').map(({ id }) => id)
  cluster.agents.down.add(first ?? '').add(second ?? '')
  await t.rejects(purge(cluster.c, request()), { code: 'UNAVAILABLE' })
  const token = { context: contextAfterWrite((await put(fakeCluster(), 'x')).version), newest: 0, seq: 0 }
  await t.rejects(purge(cluster.c, request({ token })), { code: 'UNAVAILABLE' })
})
