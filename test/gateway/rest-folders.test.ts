import t from 'tap'
import { type GatewayCluster, startGatewayCluster } from './gateway-cluster.js'

let c: GatewayCluster
const html = { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' }
t.before(async () => {
  c = await startGatewayCluster()
  const { store } = c.cluster.server
  await store.createBucket('box')
  for (const key of ['readme', 'a/', 'a/one', 'a/b/two', 'a/<i>&"x".txt', 'both', 'both/in'])
    await store.put('box', key, key)
})
t.teardown(() => c.stop())

t.test('programs get folders as JSON', async t => {
  t.match(await c.json('/files/'), {
    status: 200,
    body: { success: true, folders: [{ name: 'box/', path: '/files/box/' }], files: [] },
  })
  t.match(await c.json('/files/box/'), {
    body: {
      ...{ bucket: 'box', prefix: '', token: null },
      folders: [{ name: 'a/' }, { name: 'both/' }],
      files: [
        { name: 'both', key: 'both' },
        { name: 'readme', size: 6, versionId: String, createdAt: String },
      ],
    },
  })
  const inner = await c.json('/files/box/a')
  t.match(inner.body, {
    prefix: 'a/',
    folders: [{ name: 'b/', path: '/files/box/a/b/' }],
    files: [{}, { name: 'one' }],
  })
  t.strictSame((await c.json('/files/box/a/')).body, inner.body)
  t.match(await c.json('/files/box/nothing/'), { status: 404, body: { error: { code: 'KEY_NOT_FOUND' } } })
  t.match(await c.json('/files/box/nothing'), { status: 404, body: { error: { code: 'KEY_NOT_FOUND' } } })
  t.match(await c.json('/files/nowhere/'), { status: 404, body: { error: { code: 'BUCKET_NOT_FOUND' } } })
  const page = await c.json('/files/box/?limit=1')
  t.match(page.body, { folders: [{ name: 'a/' }], files: [], token: String })
})

t.test('objects below are read and removed by the same path', async t => {
  t.equal(
    await (await c.send('/files/box/both')).text(),
    'both',
    'an object goes before the folder of its name',
  )
  t.equal(await (await c.send('/files/box/both/in')).text(), 'both/in')
  t.equal((await c.send('/files/box/a/one', { method: 'HEAD' })).headers.get('content-length'), '5')
  t.match(await c.json('/files/box/both/in', { method: 'DELETE' }), {
    status: 200,
    body: { removed: [String] },
  })
  t.equal((await c.send('/files/box/both/in')).status, 404)
})

t.test('a browser gets a page that runs nothing, loads nothing, and says what is written in it', async t => {
  const page = await c.send('/files/box/a/', { headers: html })
  t.match(page.headers.get('content-type'), 'text/html')
  t.equal(page.headers.get('vary'), 'accept')
  t.match(page.headers.get('content-security-policy'), /default-src 'none'/)
  const text = await page.text()
  t.notMatch(text, /<script|<i>|src=|@import|url\(/)
  t.match(text, '&lt;i&gt;&amp;&quot;x&quot;.txt')
  t.match(text, 'href="/files/box/a/%3Ci%3E%26%22x%22.txt"')
  t.match(text, 'href="/files/box/a/b/"')
  t.match(text, '<a href="/files/">Buckets</a>')
  t.match(text, /<time datetime="\d{4}-/)
  t.match(text, 'title="5 bytes"')
  t.match(await (await c.send('/files/', { headers: html })).text(), 'href="/files/box/"')
  const first = await (await c.send('/files/box/?limit=1', { headers: html })).text()
  const next = /rel="next" href="([^"]+)"/.exec(first)?.[1] ?? ''
  t.match(await (await c.send(next.replaceAll('&amp;', '&'), { headers: html })).text(), 'both')
  const asked = await c.send('/files/box/', { as: null, headers: html })
  t.match([asked.status, asked.headers.get('www-authenticate')], [401, /^Basic/])
})
