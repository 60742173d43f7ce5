import { createHash, randomBytes } from 'node:crypto'
import t from 'tap'
import { type GatewayCluster, startGatewayCluster } from './gateway-cluster.js'

let c: GatewayCluster
t.before(async () => {
  c = await startGatewayCluster()
  await c.json('/buckets/box', { method: 'POST' })
})
t.teardown(() => c.stop())

const put = (key: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
  c.json(`/buckets/box/files/${key}`, { method: 'PUT', body: body as RequestInit['body'], headers })

t.test('a bucket is made, shown, changed, listed and removed', async t => {
  const made = await c.json('/buckets/other', {
    method: 'POST',
    body: JSON.stringify({ policy: 'global:3', writeQuorum: 3 }),
  })
  t.match(made, { status: 201, body: { success: true, bucket: 'other', policy: 'global:3', writeQuorum: 3 } })
  t.match(await c.json('/buckets/other', { method: 'POST' }), {
    status: 409,
    body: { success: false, error: { code: 'BUCKET_EXISTS', retryable: false } },
  })
  const changed = await c.json('/buckets/other', { method: 'PATCH', body: '{"policy":"latest"}' })
  t.match(changed, { status: 200, body: { policy: 'latest' } })
  t.match(await c.json('/buckets/other'), { status: 200, body: { policy: 'latest' } })
  t.match(await c.json('/buckets'), { body: { buckets: [{ bucket: 'box' }, { bucket: 'other' }] } })
  for (const body of ['{"nonsense":1}', '{"policy":7}', '[]', 'no json', '{"replicas":1}']) {
    const wrong = await c.json('/buckets/other', { method: 'PATCH', body })
    t.match(wrong, { status: 400, body: { error: { code: 'BAD_REQUEST' } } }, body)
  }
  await c.json('/buckets/other/files/k', { method: 'PUT', body: 'x' })
  t.match(await c.json('/buckets/other', { method: 'DELETE' }), {
    status: 409,
    body: { error: { code: 'BUCKET_NOT_EMPTY' } },
  })
  t.match(await c.json('/buckets/other?force', { method: 'DELETE' }), {
    status: 200,
    body: { success: true },
  })
  t.match(await c.json('/buckets/other'), { status: 404, body: { error: { code: 'BUCKET_NOT_FOUND' } } })
})

t.test('a PUT tells where it went, in both forms, and a GET gives it back', async t => {
  const body = randomBytes(3_000_000)
  const sha256 = createHash('sha256').update(body).digest('hex')
  const stored = await put('a/large%20one', body, { 'content-type': 'image/png', 'x-torc-meta-who': 'mé' })
  t.match(stored, { status: 200, body: { success: true, key: 'a/large one', size: body.length, sha256 } })
  const { pref_list, replicas_written, vector_clock_list, node, mintedBy, replicasWritten } = stored.body
  t.strictSame([...(pref_list as string[])].sort(), ['agent-1', 'agent-2', 'agent-3'])
  t.ok((replicas_written as string[]).includes(node as string))
  t.ok((mintedBy as string).startsWith(`${node}-`))
  t.equal((replicasWritten as string[]).length, (replicas_written as string[]).length)
  t.strictSame(vector_clock_list, [(replicas_written as string[]).map(name => `${name} : 1`).join(' , ')])
  t.notOk('down_system_data' in stored.body || 'hinted_system_data' in stored.body)
  const got = await c.send('/buckets/box/files/a/large%20one')
  t.equal(got.status, 200)
  t.equal(
    createHash('sha256')
      .update(Buffer.from(await got.arrayBuffer()))
      .digest('hex'),
    sha256,
  )
  t.equal(got.headers.get('content-type'), 'image/png')
  t.equal(Buffer.from(got.headers.get('x-torc-meta-who') ?? '', 'latin1').toString(), 'mé')
  t.equal(got.headers.get('etag'), `"${stored.body.etag}"`)
  t.equal(got.headers.get('x-torc-version-id'), stored.body.versionId)
  t.match(got.headers.get('content-disposition'), 'filename="large one"')
  const short = await c.send('/box/a/large%20one', { headers: { range: 'bytes=-5' } })
  t.equal(short.status, 206)
  t.equal(short.headers.get('content-range'), `bytes 2999995-2999999/3000000`)
  t.strictSame(Buffer.from(await short.arrayBuffer()), body.subarray(-5))
  const head = await c.send('/box/a/large%20one', { method: 'HEAD' })
  t.match([head.status, head.headers.get('content-length'), await head.text()], [200, '3000000', ''])
  const outside = await c.json('/box/a/large%20one', { headers: { range: 'bytes=3000000-' } })
  t.match(outside, { status: 416, body: { error: { code: 'BAD_REQUEST' } } })
})

t.test('versions: by id, at a time, in a listing; the number grows', async t => {
  const first = await put('doc', 'one')
  const second = await put('doc', 'two')
  t.match((second.body.vector_clock_list as string[])[0], / : 2/)
  t.equal(await (await c.send(`/box/doc?versionId=${first.body.versionId}`)).text(), 'one')
  t.equal(await (await c.send(`/box/doc?at=${first.body.createdAt}`)).text(), 'one')
  t.match(await c.json('/box/doc?at=never'), { status: 400 })
  t.match(await c.json('/box/doc?versionId=aaaaaaaaaaaaaaaaaaaaaaaaaa'), {
    status: 404,
    body: { error: { code: 'VERSION_NOT_FOUND' } },
  })
  t.match(await c.json('/buckets/box/files?versions&prefix=doc'), {
    body: {
      files: [{ versionId: second.body.versionId, isLatest: true }, { versionId: first.body.versionId }],
    },
  })
  const marked = await c.json('/buckets/box/doc?marker', { method: 'DELETE' })
  t.match(marked, { status: 200, body: { success: true, removed: [], marker: String } })
  const gone = await c.send('/box/doc')
  t.match([gone.status, gone.headers.get('x-torc-error')], [404, 'KEY_NOT_FOUND'])
  t.ok(gone.headers.get('x-torc-context'), 'what a PUT needs to bring it back')
  await gone.text()
  t.match(await c.json(`/box/doc?versionId=${marked.body.marker}`), { status: 404 })
  t.match(await c.json(`/box/doc?versionId=${first.body.versionId}`, { method: 'DELETE' }), {
    body: { removed: [first.body.versionId] },
  })
  t.match(await c.json(`/box/doc?versionId=${first.body.versionId}`), {
    status: 410,
    body: { error: { code: 'VERSION_REMOVED' } },
  })
})

t.test('contexts make siblings, and a PUT with the read context resolves them', async t => {
  const first = await put('shared', 'base')
  const context = { 'x-torc-context': first.body.context as string }
  await put('shared', 'left', context)
  const right = await put('shared', 'right', context)
  t.equal((right.body.siblings as string[]).length, 1)
  const read = await c.send('/box/shared')
  t.equal(read.headers.get('x-torc-siblings')?.split(', ').length, 1)
  await read.text()
  const merged = await put('shared', 'both', { 'x-torc-context': read.headers.get('x-torc-context') ?? '' })
  t.strictSame(merged.body.siblings, [])
})

t.test('conditions of writes and reads', async t => {
  t.match(await put('once', '1', { 'if-none-match': '*' }), { status: 200 })
  t.match(await put('once', '2', { 'if-none-match': '*' }), {
    status: 412,
    body: { error: { code: 'CONDITION_FAILED' } },
  })
  const now = await c.send('/box/once', { method: 'HEAD' })
  const etag = now.headers.get('etag') ?? ''
  t.match(await put('once', '3', { 'if-match': etag }), { status: 200 })
  t.match(await put('once', '4', { 'if-match': etag }), { status: 412 })
  t.match(await put('once', '5', { 'if-match': '*' }), { status: 400 })
  t.match(await put('once', '5', { 'if-none-match': '"x"' }), { status: 400 })
  const latest = (await c.send('/box/once', { method: 'HEAD' })).headers
  const tag = latest.get('etag') ?? ''
  const read = async (headers: Record<string, string>) => (await c.send('/box/once', { headers })).status
  t.equal(await read({ 'if-none-match': tag }), 304)
  t.equal(await read({ 'if-none-match': '"other"' }), 200)
  t.equal(await read({ 'if-match': '"other"' }), 412)
  t.equal(await read({ 'if-match': `"other", ${tag}` }), 200)
  t.equal(await read({ 'if-modified-since': new Date(Date.now() + 60_000).toUTCString() }), 304)
  t.equal(await read({ 'if-unmodified-since': new Date(0).toUTCString() }), 412)
  t.equal(await read({ range: 'bytes=0-0', 'if-range': tag }), 206)
  t.equal(await read({ range: 'bytes=0-0', 'if-range': '"other"' }), 200)
  t.equal(await read({ range: 'bytes=0-0,0-0' }), 200, 'several ranges: the whole')
})

t.test('a repeated write under its operation id counts once', async t => {
  const headers = { 'x-torc-operation-id': 'ab'.repeat(16) }
  const first = await put('twice', 'x', headers)
  const again = await put('twice', 'x', { ...headers, 'x-torc-retry': 'true' })
  t.equal(again.body.versionId, first.body.versionId)
  t.match(await put('twice', 'x', { 'x-torc-operation-id': 'short' }), { status: 400 })
})

t.test('a form stores its files, one or several, under their names or keys', async t => {
  const form = (...parts: readonly (readonly [string, Blob | string, string?])[]) => {
    const data = new FormData()
    for (const [name, value, fileName] of parts)
      if (typeof value === 'string') data.append(name, value)
      else data.append(name, value, fileName)
    return { method: 'POST', body: data }
  }
  const large = randomBytes(1_500_000)
  const one = await c.json(
    '/buckets/box/files?prefix=up/',
    form(['file', new Blob([large], { type: 'image/gif' }), 'ü 1.gif']),
  )
  t.match(one, {
    status: 200,
    body: { success: true, key: 'up/ü 1.gif', size: large.length, contentType: 'image/gif' },
  })
  const several = await c.json(
    '/buckets/box/files',
    form(
      ['file', new Blob(['a']), 'a.txt'],
      ['key', 'deep/er/b'],
      ['file', new Blob(['b']), 'ignored'],
      ['file', new Blob(['']), 'c'],
    ),
  )
  t.match(several, {
    status: 200,
    body: { success: true, files: [{ key: 'a.txt' }, { key: 'deep/er/b' }, { key: 'c', size: 0 }] },
  })
  t.equal(await (await c.send('/box/deep/er/b')).text(), 'b')
  for (const wrong of [form(), form(['other', new Blob(['x']), 'x']), form(['file', 'text'])])
    t.match(await c.json('/buckets/box/files', wrong), { status: 400, body: { success: false } })
  const partly = await c.json(
    '/buckets/box/files',
    form(['file', new Blob(['kept']), 'kept'], ['key', 'k'.repeat(2000)], ['file', new Blob(['x']), 'x']),
  )
  t.match(partly, {
    status: 400,
    body: { success: false, error: { code: 'BAD_REQUEST' }, files: [{ key: 'kept' }] },
  })
  t.match(await c.json('/buckets/box/files', { method: 'POST', body: 'no form' }), { status: 400 })
})

t.test('listings page, group and say where to go on', async t => {
  for (const key of ['l/a/1', 'l/a/2', 'l/b', 'l/c']) await put(key, key)
  const page = await c.json('/buckets/box/files?prefix=l/&delimiter=/&limit=2')
  t.match(page.body, { files: [{ key: 'l/b' }], prefixes: ['l/a/'], token: String })
  const token = encodeURIComponent(page.body.token as string)
  const next = await c.json(`/buckets/box/files?prefix=l/&delimiter=/&limit=2&token=${token}`)
  t.match(next.body, { files: [{ key: 'l/c' }], prefixes: [], token: null })
  for (const query of ['limit=0', 'limit=x', 'limit=1001', 'token=forged', 'versions=maybe'])
    t.match(await c.json(`/buckets/box/files?${query}`), { status: 400 }, query)
})

t.test('256 small requests at once are all answered', async t => {
  const keys = Array.from({ length: 256 }, (_, index) => `many/${index}`)
  const stored = await Promise.all(keys.map(key => put(key, key)))
  t.strictSame(
    stored.filter(({ status }) => status !== 200),
    [],
  )
  const read = await Promise.all(keys.map(async key => (await c.send(`/box/${key}`)).text()))
  t.strictSame(read, keys)
})

t.test('status, health, counts and the description are there', async t => {
  t.match(await c.json('/status'), { status: 200, body: { success: true, epoch: 1, agents: [{}, {}, {}] } })
  t.match(await c.json('/health', { as: null }), {
    status: 200,
    body: { available: true, agents: { alive: 3 } },
  })
  const metrics = await (await c.send('/metrics', { as: null })).text()
  t.match(metrics, 'torc_cluster_agents{state="alive"} 3')
  t.match(metrics, 'torc_cluster_reachable 1')
  t.match(metrics, /torc_http_bytes_total\{face="rest",direction="received"\} \d{7}/)
  t.match(await c.json('/openapi.json', { as: null }), { status: 200, body: { openapi: '3.1.0' } })
  const root = await c.send('/', { as: null })
  t.match([root.status, root.headers.get('location')], [302, '/files/'])
  t.equal((await c.send('/files', { as: null })).status, 302)
  t.match(await c.json('/nothing'), { status: 404, body: { success: false } })
  const wrong = await c.send('/status', { method: 'DELETE' })
  t.match([wrong.status, wrong.headers.get('allow')], [405, 'GET'])
  await wrong.text()
})
