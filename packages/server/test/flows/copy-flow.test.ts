import { isEmptyContext } from '@torc/cluster/clocks/causal-context'
import { contextAfterWrite, versionIdOf } from '@torc/cluster/state/version'
import t from 'tap'
import { type CopyRequest, copy } from '../../src/flows/copy-flow.js'
import { type DeleteRequest, purge } from '../../src/flows/delete-flow.js'
import { type ReadVersion, read } from '../../src/flows/get-flow.js'
import { write } from '../../src/flows/put-flow.js'
import type { WriteRequest } from '../../src/flows/write-request.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket()
const other = { ...testBucket(1, 1, 1), name: 'other', id: Buffer.alloc(16, 8) }
const limits = { timeoutMs: undefined, signal: undefined }
const large = Buffer.alloc(3_000_000, 'abc')

const put = async (
  cluster: FakeCluster,
  key: string,
  body: string | Uint8Array,
  more: Partial<WriteRequest> = {},
) => write(cluster.c, await writeOf(cluster.c, bucket, key, body, { metadata: [['m', 'v']], ...more }))
const get = (cluster: FakeCluster, key: string, of = bucket): Promise<ReadVersion> =>
  read(cluster.c, { bucket: of, key, versionId: undefined, ...limits })
const requestOf = (cluster: FakeCluster, more: Partial<CopyRequest> = {}): CopyRequest => ({
  source: { bucket, key: 'from', versionId: undefined },
  bucket,
  key: 'to',
  opId: cluster.c.environment.random.bytes(16),
  contentType: undefined,
  metadata: undefined,
  token: undefined,
  policy: undefined,
  retry: false,
  ...limits,
  ...more,
})
const whole: DeleteRequest = {
  bucket,
  key: 'from',
  versionId: undefined,
  token: undefined,
  retry: false,
  ...limits,
}
const text = ({ inline }: ReadVersion) => Buffer.concat(inline ?? []).toString()

t.test('a small object: its body and what is said about it', async t => {
  const cluster = fakeCluster()
  const source = await put(cluster, 'from', 'hello')
  const { written, from } = await copy(cluster.c, requestOf(cluster))
  const found = await get(cluster, 'to')
  t.equal(text(found), 'hello')
  t.match(found.version, { contentType: 'text/plain', metadata: [['m', 'v']], etag: source.version.etag })
  t.equal(found.version.id, written.version.id)
  t.equal(from.versionId, source.version.id)
  const renamed = requestOf(cluster, { contentType: 'text/html', metadata: [] })
  t.match((await copy(cluster.c, renamed)).written.version, {
    contentType: 'text/html',
    metadata: [],
    seq: 2,
  })
})

t.test('an empty one', async t => {
  const cluster = fakeCluster()
  await put(cluster, 'from', '')
  await copy(cluster.c, requestOf(cluster))
  t.equal((await get(cluster, 'to')).version.size, 0)
})

t.test('an older version, over its own key', async t => {
  const cluster = fakeCluster()
  const one = await put(cluster, 'from', 'one')
  await put(cluster, 'from', 'two')
  const source = { bucket, key: 'from', versionId: one.version.id.slice(0, 10) }
  const { written, from } = await copy(cluster.c, requestOf(cluster, { source, key: 'from' }))
  t.equal(text(await get(cluster, 'from')), 'one')
  t.equal(written.version.seq, 3, 'a new version')
  t.equal(from.versionId, one.version.id)
  t.strictSame(from.context, contextAfterWrite(one.version), 'a move would delete just what was copied')
})

t.test('a large object: references, and no byte of it', async t => {
  const cluster = fakeCluster()
  await put(cluster, 'from', large)
  cluster.agents.sent.length = 0
  const { written } = await copy(cluster.c, requestOf(cluster))
  t.strictSame(cluster.agents.sentTo('putBlock'), [])
  t.strictSame(cluster.agents.sentTo('fetchBlock'), [])
  t.equal(cluster.agents.sentTo('referBlocks').length, 3, 'one request for each owner')
  t.equal(written.version.size, large.length)
  t.equal(written.deduplicatedBytes, large.length)
  for (const id of [0, 1, 2])
    t.ok([...cluster.agent(id).references].some(reference => reference.endsWith(written.version.id)))
})

t.test('the latest head is a delete marker, or there is nothing', async t => {
  const cluster = fakeCluster()
  await t.rejects(copy(cluster.c, requestOf(cluster)), { code: 'KEY_NOT_FOUND', message: /no bucket\/from/ })
  const one = await put(cluster, 'from', 'one')
  const marker = await put(cluster, 'from', '', { kind: 'marker' })
  await t.rejects(copy(cluster.c, requestOf(cluster)), { code: 'KEY_NOT_FOUND', hint: /--version-id/ })
  const markerItself = { bucket, key: 'from', versionId: marker.version.id }
  await t.rejects(copy(cluster.c, requestOf(cluster, { source: markerItself })), {
    code: 'KEY_NOT_FOUND',
    message: /delete marker/,
    hint: /--version-id/,
  })
  const below = { bucket, key: 'from', versionId: one.version.id }
  await copy(cluster.c, requestOf(cluster, { source: below, key: 'from' }))
  t.equal(text(await get(cluster, 'from')), 'one', 'undeleted')
  const never = { bucket, key: 'from', versionId: 'aaaa' }
  await t.rejects(copy(cluster.c, requestOf(cluster, { source: never })), { code: 'VERSION_NOT_FOUND' })
})

t.test('the same operation again makes nothing new', async t => {
  const cluster = fakeCluster()
  const source = await put(cluster, 'from', 'one')
  const request = requestOf(cluster)
  const first = await copy(cluster.c, request)
  for (const retry of [false, true]) {
    const again = await copy(cluster.c, { ...request, retry })
    t.equal(again.written.version.id, first.written.version.id)
    t.equal(again.from.versionId, source.version.id)
  }
  const [owner] = cluster.owners(bucket, 'to')
  t.equal(owner?.stateOf(bucket.id, 'to').versions.size, 1)
})

t.test('again, after the source has changed: the answer names what was copied', async t => {
  const cluster = fakeCluster()
  const one = await put(cluster, 'from', 'one')
  const request = requestOf(cluster)
  await copy(cluster.c, request)
  const two = await put(cluster, 'from', 'two')
  t.equal((await copy(cluster.c, request)).from.versionId, one.version.id)
  const { from } = await copy(cluster.c, { ...request, retry: true })
  t.equal(from.versionId, one.version.id)
  const { removed } = await purge(cluster.c, { ...whole, token: from })
  t.strictSame(removed, [one.version.id], 'a move deletes no more')
  t.equal((await get(cluster, 'from')).version.id, two.version.id)
})

t.test('again, after the source is gone', async t => {
  const cluster = fakeCluster()
  const one = await put(cluster, 'from', 'one')
  const request = requestOf(cluster)
  await copy(cluster.c, request)
  await purge(cluster.c, whole)
  const again = { ...request, retry: true }
  await t.rejects(copy(cluster.c, again), { code: 'CONFLICT', message: /is gone/, hint: /The copy is there/ })
  const source = { ...request.source, versionId: one.version.id }
  const { from } = await copy(cluster.c, { ...again, source })
  t.equal(from.versionId, one.version.id)
  t.ok(isEmptyContext(from.context), 'nothing is left to delete')
})

t.test('with a context of the destination', async t => {
  const cluster = fakeCluster()
  await put(cluster, 'from', 'x')
  const one = await put(cluster, 'to', '1')
  const two = await put(cluster, 'to', '2')
  const token = { context: contextAfterWrite(one.version), newest: one.version.createdAt, seq: 1 }
  const { written } = await copy(cluster.c, requestOf(cluster, { token }))
  t.strictSame(written.siblings, [two.version.id])
})

t.test('to a bucket with fewer replicas and back', async t => {
  const cluster = fakeCluster()
  await put(cluster, 'from', large)
  await copy(cluster.c, requestOf(cluster, { bucket: other }))
  t.strictSame(cluster.agents.sentTo('putBlock').length, 9, 'those of the first PUT')
  const body = Buffer.alloc(2_000_000, 'xyz')
  await write(cluster.c, await writeOf(cluster.c, other, 'only', body))
  cluster.agents.sent.length = 0
  const request = requestOf(cluster, { source: { bucket: other, key: 'only', versionId: undefined } })
  const { written } = await copy(cluster.c, request)
  t.equal(written.deduplicatedBytes, 0)
  t.ok(cluster.agents.sentTo('putBlock').length >= 2, 'owners that lack a block get it')
  await new Promise(setImmediate)
  const holders = [0, 1, 2].filter(i => cluster.agent(i).blocks.size >= 2)
  t.ok(holders.length >= 2)
  t.equal(versionIdOf(request.opId), written.version.id)
})
