import t from 'tap'
import { type GatewayCluster, startGatewayCluster } from './gateway-cluster.js'

let c: GatewayCluster
let reader: { readonly accessKey: string; readonly secretKey: string }
t.before(async () => {
  c = await startGatewayCluster()
  const { server } = c.cluster
  await server.store.createBucket('mine')
  await server.store.createBucket('hidden')
  await server.store.put('mine', 'k', 'text')
  reader = await server.store.keys.create({ name: 'reader' })
  await server.store.keys.grant(reader.accessKey, 'mine', ['read'])
})
t.teardown(() => c.stop())

const basic = ({ accessKey, secretKey }: typeof reader): string =>
  `Basic ${Buffer.from(`${accessKey}:${secretKey}`).toString('base64')}`

t.test('a key does what it was granted, by Bearer and by Basic', async t => {
  t.equal(await (await c.send('/mine/k', { as: reader })).text(), 'text')
  t.equal(
    await (await c.send('/mine/k', { as: null, headers: { authorization: basic(reader) } })).text(),
    'text',
  )
  t.match(await c.json('/buckets', { as: reader }), { status: 200, body: { buckets: [{ bucket: 'mine' }] } })
  const denied = { status: 403, body: { success: false, error: { code: 'DENIED' } } }
  t.match(await c.json('/buckets/mine/files/x', { as: reader, method: 'PUT', body: 'x' }), denied)
  t.match(await c.json('/hidden/k', { as: reader }), denied)
  t.match(await c.json('/nowhere/k', { as: reader }), denied, 'the same whether the bucket is there or not')
  t.match(await c.json('/status', { as: reader }), denied)
  t.match(await c.json('/buckets/new', { as: reader, method: 'POST' }), denied)
})

t.test('whoever proves nothing is asked for a key, in the same words whatever is wrong', async t => {
  const wrong = [
    { as: { ...reader, secretKey: 'wrong' } },
    { as: { accessKey: 'TORCAAAAAAAAAAAAAAAA', secretKey: reader.secretKey } },
    { as: { accessKey: '__proto__', secretKey: 'x' } },
  ]
  const texts = new Set<string>()
  for (const sent of wrong) {
    const response = await c.send('/mine/k', sent)
    t.equal(response.status, 401)
    t.match(response.headers.get('www-authenticate'), /^Basic realm=/)
    texts.add(await response.text())
  }
  t.equal(texts.size, 1)
  for (const authorization of [
    'Basic',
    'Basic !!!',
    'Bearer nocolon',
    'Bearer :',
    'Digest a="b"',
    'AWS4-HMAC-SHA256 x',
  ])
    t.equal((await c.send('/mine/k', { as: null, headers: { authorization } })).status, 401, authorization)
  const nobody = await c.send('/mine/k', { as: null })
  t.equal(nobody.status, 401)
  t.match(nobody.headers.get('www-authenticate'), /^Basic realm=/)
})

t.test('a page of another site changes nothing with what a browser remembers', async t => {
  const sent = (headers: Record<string, string>) =>
    c.send('/buckets/mine/files/forged', { as: null, method: 'PUT', body: 'x', headers })
  const ambient = { authorization: basic(c.rootKey) }
  const host = `${c.rest.host}:${c.rest.port}`
  t.equal((await sent({ ...ambient, 'sec-fetch-site': 'cross-site' })).status, 403)
  t.equal((await sent({ ...ambient, 'sec-fetch-site': 'same-site' })).status, 403)
  t.equal((await sent({ ...ambient, origin: 'https://evil.example' })).status, 403)
  t.equal((await sent({ ...ambient, origin: 'null' })).status, 403)
  t.equal((await c.send('/mine/forged', { method: 'HEAD' })).status, 404, 'nothing was stored')
  t.equal((await sent({ ...ambient, origin: `http://${host}` })).status, 200)
  t.equal((await sent({ ...ambient, 'sec-fetch-site': 'same-origin' })).status, 200)
  t.equal((await sent(ambient)).status, 200, 'a program')
  const bearer = await sent({ authorization: c.authorization, origin: 'https://app.example' })
  t.equal(bearer.status, 200, 'no browser adds a bearer by itself')
})

t.test('a key that was deleted is refused', async t => {
  const { server } = c.cluster
  const gone = await server.store.keys.create({ name: 'gone' })
  await server.store.keys.grant(gone.accessKey, 'mine', ['read'])
  t.equal((await c.send('/mine/k', { as: gone })).status, 200)
  await server.store.keys.delete(gone.accessKey)
  t.equal((await c.send('/mine/k', { as: gone })).status, 401)
})

t.test('a bucket that is open is read without a key, and changed with one alone', async t => {
  t.equal((await c.send('/mine/k', { as: null })).status, 401)
  const opened = await c.json('/buckets/mine', { method: 'PATCH', body: '{"publicRead":true}' })
  t.match(opened, { status: 200, body: { publicRead: true } })
  t.equal(await (await c.send('/mine/k', { as: null })).text(), 'text')
  t.match(await c.json('/files/mine/', { as: null }), {
    status: 200,
    body: { files: [{ key: 'forged' }, { key: 'k' }] },
  })
  t.equal((await c.send('/mine/k', { as: null, method: 'HEAD' })).status, 200)
  for (const [method, path] of [
    ['PUT', '/buckets/mine/files/x'],
    ['DELETE', '/mine/k'],
    ['DELETE', '/buckets/mine'],
    ['GET', '/buckets'],
    ['GET', '/hidden/k'],
  ] as const)
    t.equal((await c.send(path, { as: null, method })).status, 401, `${method} ${path}`)
})
