import { request as httpRequest } from 'node:http'
import t from 'tap'
import { type GatewayCluster, startGatewayCluster } from './gateway-cluster.js'
import { rawRequest } from './raw-request.js'

let c: GatewayCluster
t.before(async () => {
  c = await startGatewayCluster({ stillMs: 300, lingerMs: 100 })
  await c.cluster.server.store.createBucket('box')
})
t.teardown(() => c.stop())

/** The status of a request whose path is sent as it is written. */
function statusOf(path: string, method = 'GET', headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const { host, port } = c.rest
    const sent = httpRequest(
      { host, port, path, method, headers: { authorization: c.authorization, ...headers } },
      response => {
        response.resume()
        response.once('end', () => resolve(response.statusCode ?? 0))
      },
    )
    sent.once('error', reject)
    sent.end(method === 'PUT' ? 'body' : undefined)
  })
}

async function keys(): Promise<string[]> {
  const found: string[] = []
  for await (const entry of c.cluster.server.store.list('box'))
    if (!('prefix' in entry)) found.push(entry.key)
  return found
}

t.test('keys are what the path says, decoded once, and lead nowhere else', async t => {
  const cases: readonly (readonly [path: string, key: string])[] = [
    ['..%2F..%2Fetc%2Fpasswd', '../../etc/passwd'],
    ['../../up', '../../up'],
    ['a//b', 'a//b'],
    ['%252e', '%2e'],
    ['semi;colon=1', 'semi;colon=1'],
    ['plus+sign', 'plus+sign'],
    ['%3Fquery%23hash', '?query#hash'],
    ['%E2%82%AC', '€'],
    ['%0D%0ASet-Cookie:%20x', '\r\nSet-Cookie: x'],
    ['<script>', '<script>'],
    ['files/files', 'files/files'],
  ]
  for (const [path, key] of cases) {
    t.equal(await statusOf(`/buckets/box/files/${path}`, 'PUT'), 200, path)
    t.ok((await keys()).includes(key), key)
    t.equal(await statusOf(`/buckets/box/files/${path}`), 200)
    t.equal(await statusOf(`/box/${path}`), 200)
    t.equal(await statusOf(`/buckets/box/files/${path}`, 'DELETE'), 200)
  }
  t.strictSame(await keys(), [])
  for (const path of ['%', '%zz', '%ff', '%00', 'x'.repeat(1025)])
    t.equal(await statusOf(`/buckets/box/files/${path}`, 'PUT'), 400, path.slice(0, 10))
  t.equal(await statusOf('/buckets/box/files/', 'PUT'), 400, 'no key')
  for (const bucket of ['..', 'A', '%2e%2e', 'a%2Fb', '*', 'x'.repeat(64), '.torc'])
    t.ok([400, 404].includes(await statusOf(`/buckets/${bucket}/files/k`)), bucket)
  t.equal(await statusOf('http://other.example/box/k'), 404, 'an absolute target is no other host')
  t.strictSame(await keys(), [])
})

t.test('what other faces stored makes no headers', async t => {
  const { store } = c.cluster.server
  await store.put('box', 'evil\r\nx-evil: 1"\\', 'x', {
    contentType: 'text/html\r\nx-evil: 1',
    metadata: [
      ['a\r\nx-evil', '1'],
      ['b', 'v\r\nx-evil: 1'],
      ['c', 'fine'],
      ['C', 'twice'],
    ],
  })
  const got = await c.send(`/box/${encodeURIComponent('evil\r\nx-evil: 1"\\')}`)
  t.equal(got.status, 200)
  t.equal(got.headers.get('x-evil'), null)
  t.equal(got.headers.get('content-type'), 'application/octet-stream')
  t.equal(got.headers.get('x-torc-meta-c'), 'fine')
  t.equal(got.headers.get('x-torc-missing-meta'), '3')
  t.equal(got.headers.get('x-content-type-options'), 'nosniff')
  t.notMatch(got.headers.get('content-disposition'), /[\r\n]/)
  await got.text()
  await store.put('box', 'page.html', '<script>alert(1)</script>', { contentType: 'text/html' })
  const page = await c.send('/files/box/page.html')
  t.match(page.headers.get('content-security-policy'), /^sandbox;/)
  await page.text()
  await store.deleteBucket('box', { force: true })
  await store.createBucket('box')
})

t.test('a body that breaks off is not stored', async t => {
  const put = `PUT /buckets/box/files/cut HTTP/1.1\r\nHost: h\r\nAuthorization: ${c.authorization}\r\n`
  for (const rest of [
    'Content-Length: 100\r\n\r\nshort',
    'Transfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n',
  ]) {
    const client = await rawRequest(c.rest, put + rest)
    client.end()
    await client.closed
  }
  const slow = await rawRequest(c.rest, `${put}Content-Length: 100\r\n\r\nshort`)
  t.equal(await slow.all, '', 'a body that stands still is cut')
  const malformed = await rawRequest(c.rest, `${put}Transfer-Encoding: chunked\r\n\r\nzz\r\n`)
  t.notMatch(await malformed.all, '200 OK')
  t.strictSame(await keys(), [])
})

t.test('forms that are malformed, cut or too long store nothing of what is wrong', async t => {
  const post = (body: string, type = 'multipart/form-data; boundary=XX', length = body.length): string =>
    [
      ...['POST /buckets/box/files HTTP/1.1', 'Host: h', `Authorization: ${c.authorization}`],
      ...[`Content-Type: ${type}`, `Content-Length: ${length}`, 'Connection: close', '', body],
    ].join('\r\n')
  const file = (content: string, end = '\r\n--XX--\r\n'): string =>
    `--XX\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n${content}${end}`
  const refused: Record<string, string> = {
    'no boundary': post(file('x'), 'multipart/form-data'),
    'another boundary': post(file('x'), 'multipart/form-data; boundary=YY'),
    'no end': post(file('x', '')),
    'a part without a name': post(file('x').replace(' name=', '@name=')),
    'no parts': post('--XX--\r\n'),
    'a field with a name of the language': post(file('x').replace('name="file"', 'name="__proto__"')),
    'a long key': post(
      `--XX\r\nContent-Disposition: form-data; name="key"\r\n\r\n${'k'.repeat(9000)}\r\n${file('x')}`,
    ),
  }
  for (const [what, text] of Object.entries(refused)) {
    const client = await rawRequest(c.rest, text)
    t.match(await client.all, /^HTTP\/1\.1 4\d\d /, what)
  }
  const cut = await rawRequest(c.rest, post(file('x', ''), undefined, 1000))
  cut.end()
  await cut.closed
  t.strictSame(await keys(), [])
  const path = await rawRequest(
    c.rest,
    post(file('x').replace('filename="f"', 'filename="../../etc/cron.d/f"')),
  )
  t.match(await path.all, /^HTTP\/1\.1 200 /)
  t.strictSame(await keys(), ['f'], 'folders of the sender are no part of the name')
})

t.test('settings that are too long, and headers', async t => {
  const long = JSON.stringify({ policy: 'x'.repeat(100_000) })
  t.match(await c.json('/buckets/huge', { method: 'POST', body: long }), {
    status: 413,
    body: { error: { code: 'TOO_LARGE' } },
  })
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`x-torc-meta-${i}`, 'v']))
  t.match(await c.json('/buckets/box/files/m', { method: 'PUT', body: 'x', headers: many }), { status: 400 })
  const client = await rawRequest(c.rest, `GET / HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`)
  t.match(await client.all, /^HTTP\/1\.1 431 /)
  t.match(await c.json('/box/nothing', { headers: { 'x-torc-context': 'forged' }, method: 'DELETE' }), {
    status: 400,
  })
})
