import type { Exchange } from '@torc/protocol/exchange/exchange'
import t from 'tap'
import { environment, start } from '../fakes/running-server.js'

const opId = () => environment.random.bytes(16)

async function withBucket(t: Parameters<typeof start>[0]) {
  const { server, client } = await start(t)
  const x = await client()
  await x.request('initLayout', { agents: 3, replicas: 3 })
  await x.request('putBucket', { bucket: 'b' })
  return { store: server.store, x }
}

async function put(x: Exchange, key: string, more: { policy?: string; context?: string } = {}) {
  const head = { bucket: 'b', key, opId: opId(), size: 1, ...more }
  return (await x.request('putObject', head, { body: Buffer.from('x') })).head
}

t.test('policies over the wire: object over bucket over cluster', async t => {
  const { x, store } = await withBucket(t)
  const ids: string[] = []
  for (let i = 0; i < 4; i++) ids.push((await put(x, 'k')).versionId)
  const show = async (head: { bucket?: string; key?: string }) => (await x.request('getPolicy', head)).head
  t.strictSame(await show({}), { policy: 'all', from: 'default', own: 'inherit' })
  await x.request('setPolicy', { policy: 'global:4' })
  t.strictSame(await show({}), { policy: 'global:4', from: 'cluster', own: 'global:4' })
  t.strictSame(await show({ bucket: 'b' }), { policy: 'global:4', from: 'cluster', own: 'inherit' })
  t.match((await x.request('getBucket', { bucket: 'b' })).head, { policy: 'global:4', policyFrom: 'cluster' })
  t.match(await show({ bucket: 'b', key: 'k' }), {
    policy: 'global:4',
    from: 'cluster',
    own: 'inherit',
    versions: 4,
    next: [{ versionId: ids[0], size: 1 }],
  })
  await x.request('setPolicy', { bucket: 'b', policy: 'global:3' })
  t.match(await show({ bucket: 'b', key: 'k' }), { policy: 'global:3', from: 'bucket', next: { length: 2 } })
  await x.request('setPolicy', { bucket: 'b', key: 'k', policy: 'latest' })
  t.match(await show({ bucket: 'b', key: 'k' }), {
    policy: 'latest',
    from: 'object',
    own: 'latest',
    next: { length: 4 },
  })
  t.match((await x.request('setBucket', { bucket: 'b', writeQuorum: 3 })).head, {
    writeQuorum: 3,
    policy: 'global:3',
    policyFrom: 'bucket',
  })
  const last = await put(x, 'k')
  t.match(await show({ bucket: 'b', key: 'k' }), { versions: 1, next: [{ versionId: last.versionId }] })
  await put(x, 'k', { policy: 'inherit' })
  t.match(await show({ bucket: 'b', key: 'k' }), { policy: 'global:3', own: 'inherit', versions: 2 })
  t.match(await store.policy({ bucket: 'b', key: 'k' }), {
    policy: 'global:3',
    from: 'bucket',
    versions: 2,
    next: [],
  })
  t.match(await store.policy({}), { policy: 'global:4', from: 'cluster', versions: undefined })
  t.match(await store.policy({ bucket: 'b' }), { policy: 'global:3', own: 'global:3' })
})

t.test('how a bucket is cut: set, changed and shown, over the wire and in process', async t => {
  const { x, store } = await withBucket(t)
  t.equal((await x.request('getBucket', { bucket: 'b' })).head.cutting, 'fixed')
  t.equal((await x.request('putBucket', { bucket: 'c', cutting: 'content' })).head.cutting, 'content')
  t.equal((await x.request('setBucket', { bucket: 'c', strict: true })).head.cutting, 'content')
  t.equal((await store.headBucket('c')).cutting, 'content')
  t.equal((await store.changeBucket('c', { cutting: 'fixed' })).cutting, 'fixed')
  const { buckets } = (await x.request('listBuckets', {})).head
  t.strictSame(
    buckets.map(({ bucket, cutting }) => [bucket, cutting]),
    [
      ['b', 'fixed'],
      ['c', 'fixed'],
    ],
  )
  t.equal((await x.request('getBucket', { bucket: 'c' })).head.compression, 'none')
  t.equal((await x.request('setBucket', { bucket: 'c', compression: 'brotli' })).head.compression, 'brotli')
  t.equal((await store.headBucket('c')).compression, 'brotli')
  const wrong = { bucket: 'd', cutting: 'thin' as never }
  await t.rejects(x.request('putBucket', wrong), { code: 'BAD_REQUEST' })
})

t.test('policies that are none', async t => {
  const { x, store } = await withBucket(t)
  for (const policy of ['nonsense', 'global:0', 'global:1000001', 'global:5,age:30d', 'dynamic:', 'Latest']) {
    const refused = { code: 'BAD_REQUEST', hint: /"global:N"/ } as const
    await t.rejects(put(x, 'k', { policy }), refused, policy)
    await t.rejects(x.request('setPolicy', { policy }), refused)
    await t.rejects(x.request('setPolicy', { bucket: 'b', policy }), refused)
    await t.rejects(x.request('setPolicy', { bucket: 'b', key: 'k', policy }), refused)
    await t.rejects(x.request('putBucket', { bucket: 'c', policy }), refused)
    await t.rejects(x.request('setBucket', { bucket: 'b', policy }), refused)
    await t.rejects(store.put('b', 'k', 'x', { policy }), refused)
    await t.rejects(store.createBucket('c', { policy }), refused)
  }
  await t.rejects(x.request('setPolicy', { key: 'k', policy: 'all' }), {
    code: 'BAD_REQUEST',
    message: /bucket/,
  })
  await t.rejects(x.request('getPolicy', { bucket: 'none' }), { code: 'BUCKET_NOT_FOUND' })
  await t.rejects(x.request('setPolicy', { bucket: 'none', key: 'k', policy: 'all' }), {
    code: 'BUCKET_NOT_FOUND',
  })
  await t.rejects(
    x.request('getPolicy', { bucket: 'b', key: 'k' }),
    { code: 'KEY_NOT_FOUND' },
    'nothing was stored',
  )
})

t.test('contexts that are none of the key', async t => {
  const { x, store } = await withBucket(t)
  const { context } = await put(x, 'one')
  const hint = /same key/
  await t.rejects(put(x, 'two', { context }), { code: 'BAD_REQUEST', message: /made for another key/, hint })
  for (const bad of ['no token', 'AAAA', context.slice(0, -4)]) {
    await t.rejects(
      put(x, 'one', { context: bad }),
      { code: 'BAD_REQUEST', message: /^context: /, hint },
      bad,
    )
    await t.rejects(store.delete('b', 'one', { context: bad }), { code: 'BAD_REQUEST', hint }, bad)
  }
})

t.test('tags over the wire and in process', async t => {
  const { x, store } = await withBucket(t)
  const { versionId } = await put(x, 'k')
  const set = await x.request('setTags', {
    bucket: 'b',
    key: 'k',
    set: [
      ['b', '2'],
      ['a', '1'],
    ],
    clear: [],
  })
  t.strictSame(set.head, {
    versionId,
    tags: [
      ['a', '1'],
      ['b', '2'],
    ],
  })
  t.strictSame(await store.setTags('b', 'k', { set: { c: '3' }, clear: ['a'] }), {
    bucket: 'b',
    key: 'k',
    versionId,
    tags: { b: '2', c: '3' },
  })
  t.strictSame((await x.request('getTags', { bucket: 'b', key: 'k' })).head.tags, [
    ['b', '2'],
    ['c', '3'],
  ])
  t.strictSame((await store.tags('b', 'k', { versionId: versionId.slice(0, 8) })).tags, { b: '2', c: '3' })
  t.strictSame((await store.setTags('b', 'k', {})).tags, { b: '2', c: '3' })
  await t.rejects(store.setTags('b', 'k', { set: { 'a\nb': '1' } }), { code: 'BAD_REQUEST', hint: /control/ })
})

t.test('copies over the wire and in process', async t => {
  const { x, store } = await withBucket(t)
  const source = await put(x, 'from')
  await store.setTags('b', 'from', { set: { a: '1' } })
  const head = { bucket: 'b', key: 'to', opId: opId(), sourceBucket: 'b', sourceKey: 'from' }
  const copied = (await x.request('copyObject', head)).head
  t.match(copied, {
    size: 1,
    etag: source.etag,
    sourceVersionId: source.versionId,
    sentBytes: 0,
    siblings: [],
  })
  t.strictSame((await x.request('copyObject', { ...head, retry: true })).head.versionId, copied.versionId)
  t.strictSame({ ...(await store.tags('b', 'to')).tags }, { a: '1' }, 'tags are copied')
  const again = await store.copy({ bucket: 'b', key: 'to' }, 'b', 'there', { contentType: 'text/html' })
  t.match(again, { key: 'there', sourceVersionId: copied.versionId, contentType: 'text/html' })
  const moved = await store.delete('b', 'to', { context: again.sourceContext })
  t.strictSame(moved.removed, [copied.versionId])
  await t.rejects(store.copy({ bucket: 'none', key: 'k' }, 'b', 'k'), {
    code: 'BUCKET_NOT_FOUND',
    message: /none/,
  })
  await t.rejects(store.copy({ bucket: 'b', key: 'k' }, 'none', 'k'), { code: 'BUCKET_NOT_FOUND' })
  await t.rejects(store.copy({ bucket: 'b', key: '' }, 'b', 'k'), { code: 'BAD_REQUEST' })
})

t.test('restoring in process', async t => {
  const { store } = await withBucket(t)
  const first = await store.put('b', 'changed', 'one')
  await store.put('b', 'same', 'same')
  const at = new Date(environment.clock.nowMs())
  while (environment.clock.nowMs() <= at.getTime()) await new Promise(setImmediate)
  await store.put('b', 'changed', 'two')
  await store.put('b', 'new', 'new')
  const done = []
  for await (const key of store.restore('b', { at })) done.push(key)
  t.match(done, [
    { key: 'changed', action: 'restored', from: first.versionId },
    { key: 'new', action: 'deleted' },
  ])
  t.equal(await (await store.get('b', 'changed')).text(), 'one')
  await t.rejects(store.get('b', 'new'), { code: 'KEY_NOT_FOUND' })
  t.match(await store.changeBucket('b', { strict: true }), { strict: true })
})
