import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { silentLog } from '@torc/protocol/environment/log'
import { deriveRootKey } from '@torc/protocol/handshake/root-key'
import { memoryTransport } from '@torc/protocol/transport/memory'
import { parseAddress } from '@torc/protocol/transport/transport'
import t from 'tap'
import { startServer } from '../src/start-server.js'
import { type FakeNode, startFakeNode } from './fakes/fake-node.js'
import { clientTo, environment, listen, secret, start, until } from './fakes/running-server.js'

const opId = () => environment.random.bytes(16)
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

t.test('the root key', async t => {
  const key = deriveRootKey(secret.secret)
  t.match(key.accessKey, /^TORC[A-Z2-7]{16}$/)
  t.equal(Buffer.from(key.secretKey, 'base64url').length, 32)
  t.strictSame(deriveRootKey(secret.secret), key)
  t.notSame(deriveRootKey(Buffer.alloc(32, 8)), key)
})

t.test('over the wire: objects', async t => {
  const { client } = await start(t)
  const x = await client()
  await t.rejects(x.request('putBucket', { bucket: 'b' }), { code: 'NO_LAYOUT' })
  await t.rejects(x.request('getLayout', {}), { code: 'NO_LAYOUT' })
  const layout = await x.request('initLayout', { agents: 3, replicas: 3 })
  t.match(layout.head, { epoch: 1, replicas: 3, partitions: 256 })
  t.match((await x.request('getLayout', {})).head.agents, [{ partitions: 256 }, {}, {}])
  t.match((await x.request('putBucket', { bucket: 'b' })).head, { bucket: 'b', replicas: 3 })
  t.match((await x.request('getBucket', { bucket: 'b' })).head, { bucket: 'b', policy: 'all' })
  t.equal((await x.request('listBuckets', {})).head.buckets.length, 1)

  const body = Buffer.from('hello')
  const put = await x.request(
    'putObject',
    { bucket: 'b', key: 'a/1', opId: opId(), size: 5, contentType: 'text/plain', metadata: [['m', 'v']] },
    { body },
  )
  t.match(put.head, {
    key: 'a/1',
    size: 5,
    etag: /^[0-9a-f]{32}-t$/,
    preferenceList: { length: 3 },
    sentBytes: 5,
  })
  const got = await x.request('getObject', { bucket: 'b', key: 'a/1' })
  t.equal(Buffer.from((await got.body?.bytes(10)) ?? []).toString(), 'hello')
  t.match(got.head, {
    versionId: put.head.versionId,
    contentType: 'text/plain',
    metadata: [['m', 'v']],
    isLatest: true,
  })
  t.strictSame(got.head.createdAt, put.head.createdAt)
  const part = await x.request('getObject', { bucket: 'b', key: 'a/1', range: [1, -1] })
  t.equal(Buffer.from((await part.body?.bytes(10)) ?? []).toString(), 'ello')
  t.strictSame(part.head.range, [1, 4])
  t.equal((await x.request('headObject', { bucket: 'b', key: 'a/1' })).head.size, 5)

  const again = await x.request(
    'putObject',
    { bucket: 'b', key: 'a/1', opId: opId(), context: got.head.context },
    { body },
  )
  t.strictSame(again.head.siblings, [])
  const posted = await x.request('postDatum', { bucket: 'b', opId: opId() }, { body })
  t.match(posted.head.key, /^[0-9a-v]{26}$/)

  const listed = (await x.request('listKeys', { bucket: 'b', delimiter: '/' })).head.entries
  t.strictSame(
    listed.filter(({ prefix }) => prefix !== undefined),
    [{ prefix: 'a/' }],
  )
  t.equal(listed.length, 2)
  const versions = await x.request('listVersions', { bucket: 'b', prefix: 'a/', limit: 1 })
  t.match(versions.head, { entries: [{ versionId: again.head.versionId, isLatest: true }], token: String })
  const rest = await x.request('listVersions', {
    bucket: 'b',
    prefix: 'a/',
    token: versions.head.token ?? '',
  })
  t.match(rest.head.entries, [{ versionId: put.head.versionId, isLatest: false }])
  t.equal(rest.head.token, undefined)
  const items: string[] = []
  for await (const { head } of x.fetch('fetchBucket', { bucket: 'b', prefix: 'a/' }))
    items.push(...head.items.map(item => item.versionId))
  t.strictSame(items, [again.head.versionId, put.head.versionId])

  const marked = await x.request('deleteObject', { bucket: 'b', key: 'a/1', opId: opId(), marker: true })
  t.match(marked.head, { removed: [], marker: String })
  await t.rejects(x.request('getObject', { bucket: 'b', key: 'a/1' }), { code: 'KEY_NOT_FOUND' })
  await t.rejects(x.request('getObject', { bucket: 'b', key: 'a/1', versionId: marked.head.marker ?? '' }), {
    code: 'VERSION_NOT_FOUND',
  })
  t.equal(
    (await x.request('headObject', { bucket: 'b', key: 'a/1', versionId: marked.head.marker ?? '' })).head
      .kind,
    'marker',
  )
  const one = await x.request('deleteObject', {
    bucket: 'b',
    key: 'a/1',
    opId: opId(),
    versionId: marked.head.marker ?? '',
  })
  t.strictSame(one.head.removed, [marked.head.marker])
  t.equal((await x.request('deleteObject', { bucket: 'b', key: 'a/1', opId: opId() })).head.removed.length, 2)
  await t.rejects(x.request('deleteBucket', { bucket: 'b' }), { code: 'BUCKET_NOT_EMPTY' })
  await x.request('deleteBucket', { bucket: 'b', force: true })
  await t.rejects(x.request('putObject', { bucket: 'b', key: 'k', opId: opId() }, { body }), {
    code: 'BUCKET_NOT_FOUND',
  })
  const status = (await x.request('getStatus', {})).head
  t.match(status, { epoch: 1, healthy: true, buckets: 0 })
  t.equal(status.members.find(({ role }) => role === 'agent')?.usedBytes, 1000)
})

t.test('over the wire: large bodies', async t => {
  const { client } = await start(t)
  const x = await client()
  await x.request('initLayout', {})
  await x.request('putBucket', { bucket: 'b' })
  const bytes = Buffer.alloc(2_500_000).map((_, i) => (i * 31 + (i >> 10)) & 255)
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
  }
  const digest = Buffer.from(sha256(bytes), 'hex')
  await x.request(
    'putObject',
    { bucket: 'b', key: 'big', opId: opId() },
    { body: { stream: pieces(), sha256: () => digest } },
  )
  const gather = async (range?: [number, number]) => {
    const answer = await x.request(
      'getObject',
      range === undefined ? { bucket: 'b', key: 'big' } : { bucket: 'b', key: 'big', range },
    )
    return Buffer.from((await answer.body?.bytes(10_000_000)) ?? [])
  }
  t.equal(sha256(await gather()), sha256(bytes))
  t.equal(sha256(await gather([-1_500_000, -1])), sha256(bytes.subarray(1_000_000)))
  const wrong = { stream: pieces(), sha256: () => Buffer.alloc(32) }
  await t.rejects(x.request('putObject', { bucket: 'b', key: 'wrong', opId: opId() }, { body: wrong }), {
    code: 'CHECKSUM',
  })
  await t.rejects(x.request('headObject', { bucket: 'b', key: 'wrong' }), { code: 'KEY_NOT_FOUND' })
  await t.rejects(
    x.request('putObject', { bucket: 'none', key: 'k', opId: opId() }, { body: { stream: pieces() } }),
    { code: 'BUCKET_NOT_FOUND' },
  )
})

t.test('shared paths', async t => {
  const directory = t.testdir({ in: 'from the disk' })
  const { client, server } = await start(t, 3, [{ name: 'r', directory }])
  const x = await client()
  await x.request('initLayout', {})
  await x.request('putBucket', { bucket: 'b' })
  const big = Buffer.alloc(1_500_000, 'abc')
  writeFileSync(join(directory, 'big'), big)
  const put = await x.request('putObject', { bucket: 'b', key: 'in', opId: opId(), shared: 'r:in' })
  t.match(put.head, { size: 13, sentBytes: 0 })
  await x.request('putObject', { bucket: 'b', key: 'big', opId: opId(), shared: join(directory, 'big') })
  const got = await x.request('getObject', { bucket: 'b', key: 'big', shared: 'r:out' })
  t.equal(got.body, undefined, 'no body crosses the socket')
  t.ok(readFileSync(join(directory, 'out')).equals(big))
  await x.request('getObject', { bucket: 'b', key: 'in', shared: 'r:part', range: [0, 3] })
  t.equal(readFileSync(join(directory, 'part'), 'utf8'), 'from')
  await t.rejects(x.request('putObject', { bucket: 'b', key: 'x', opId: opId(), shared: 'r:none' }), {
    code: 'FILE_NOT_FOUND',
  })
  await t.rejects(x.request('putObject', { bucket: 'b', key: 'x', opId: opId(), shared: '/etc/passwd' }), {
    code: 'PATH_DENIED',
  })
  await t.rejects(x.request('putObject', { bucket: 'b', key: 'x', opId: opId(), shared: 'r:in', size: 7 }), {
    code: 'BAD_REQUEST',
  })
  t.equal((await server.store.putShared('b', 'again', 'r:in')).size, 13)
  t.equal((await server.store.getShared('b', 'again', 'r:again')).size, 13)
  t.equal(readFileSync(join(directory, 'again'), 'utf8'), 'from the disk')
})

t.test('in process: the same store', async t => {
  const { server } = await start(t)
  const { store } = server
  t.match(await store.initLayout({ replicas: 3 }), { epoch: 1 })
  t.match(await store.layout(), { epoch: 1 })
  t.match(await store.createBucket('b'), { bucket: 'b', createdAt: Date })
  t.match(await store.headBucket('b'), { bucket: 'b' })
  t.equal((await store.buckets()).length, 1)
  const put = await store.put('b', 'k', 'text', { contentType: 'text/plain' })
  t.match(put, { bucket: 'b', key: 'k', size: 4, sha256: sha256(Buffer.from('text')), createdAt: Date })
  t.equal(Object.keys(put.vectorClocks).length, put.replicasWritten.length)
  const found = await store.get('b', 'k')
  t.equal(await found.text(), 'text')
  await t.rejects(found.bytes(), { code: 'BAD_REQUEST' })
  t.match(await store.head('b', 'k'), { versionId: put.versionId, clock: put.clock })
  t.strictSame(await (await store.get('b', (await store.put('b', 'j', '{"a":1}')).key)).json(), { a: 1 })
  const told: number[] = []
  const part = await store.get('b', 'k', { range: [1, 2], onProgress: bytes => told.push(bytes) })
  t.equal(Buffer.from(await part.bytes()).toString(), 'ex')
  t.strictSame([part.range, told], [[1, 2], [2]])
  const unread = await store.get('b', 'k')
  unread.discard()
  const posted = [await store.post('b', '1'), await store.post('b', '2')].map(({ key }) => key)
  t.strictSame([...posted].sort(), posted)
  const names: string[] = []
  for await (const entry of store.list('b', { limit: 3 }))
    names.push('key' in entry ? entry.key : entry.prefix)
  t.equal(names.length, 3)
  let versions = 0
  for await (const _ of store.versions('b')) versions++
  t.equal(versions, 4)
  const items: string[] = []
  for await (const item of store.fetch('b', { prefix: 'k' })) items.push(item.versionId)
  t.strictSame(items, [put.versionId])
  t.match(await store.delete('b', 'j', { marker: true }), { removed: [], marker: String })
  t.match(await store.delete('b', 'k'), { removed: [put.versionId], marker: undefined })
  await t.rejects(store.put('B!', 'k', 'x'), { code: 'BAD_REQUEST' })
  await t.rejects(store.put('b', '', 'x'), { code: 'BAD_REQUEST' })
  await t.rejects(store.put('b', 'k', 'x', { opId: Buffer.alloc(3) }), { code: 'BAD_REQUEST' })
  await t.rejects(store.put('b', 'k', 'x', { context: 'nonsense' }), { code: 'BAD_REQUEST' })
  await store.deleteBucket('b', { force: true })
})

t.test('who may come in', async t => {
  const { server, transport } = await start(t, 1)
  const address = parseAddress(server.address) ?? listen
  await t.rejects(clientTo(transport, address, { secret: Buffer.from('wrong') }), { code: 'DENIED' })
  await t.rejects(clientTo(transport, address, { id: 'TORCUNKNOWN' }), { code: 'DENIED' })
  await t.rejects(clientTo(transport, address, { role: 'agent', id: 'agent-1' }), { code: 'DENIED' })
})

t.test('agents that go away: the store says what is down, goes on, and takes them back', async t => {
  const { server, nodes, transport } = await start(t)
  const { store } = server
  await store.initLayout({})
  await store.createBucket('b')
  await store.put('b', 'k', 'before')
  const [first, second] = nodes
  await first?.close()
  await until('it is seen', async () => !(await store.status()).healthy)
  t.equal(await (await store.get('b', 'k')).text(), 'before')
  t.strictSame((await store.put('b', 'k', 'meanwhile')).down, [first?.id])
  await second?.close()
  await until('it is seen', async () => (await store.status()).problems.length >= 2)
  await t.rejects(store.put('b', 'k', 'x'), { code: 'UNAVAILABLE' })
  await t.rejects(
    async () => {
      for await (const _ of store.fetch('b'));
    },
    { code: /PARTIAL|UNAVAILABLE/ },
  )
  const back: FakeNode[] = []
  for (const node of [first, second]) {
    if (node === undefined) continue
    const { agent } = node
    const number = Number.parseInt(node.id.slice(5), 16)
    back.push(await startFakeNode({ number, secret, transport, environment, port: node.address.port, agent }))
  }
  t.teardown(async () => {
    for (const node of back) await node.close()
  })
  await until('both are back', async () => (await store.status()).healthy)
  t.equal(await (await store.get('b', 'k')).text(), 'meanwhile')
})

t.test('a server that nobody answers starts all the same', async t => {
  const transport = memoryTransport(environment.clock)
  const join = [{ host: '127.0.0.1', port: 1 }]
  const server = await startServer({
    secret,
    transport,
    listen,
    join,
    name: 'lonely',
    sharedRoots: [],
    environment,
    log: silentLog,
  })
  t.match(await server.store.status(), { epoch: 0, healthy: false })
  await t.rejects(server.store.initLayout({}), { code: 'UNAVAILABLE' })
  await server.close()
  await server.close()
})
