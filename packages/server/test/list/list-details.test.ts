import { covers } from '@torc/cluster/clocks/causal-context'
import { readToken, type Token } from '@torc/cluster/clocks/token'
import { encodeValue } from '@torc/protocol/codec/writer'
import { limits } from '@torc/protocol/limits'
import t from 'tap'
import { write } from '../../src/flows/put-flow.js'
import { entryAnswer } from '../../src/handlers/answers.js'
import { type ListRequest, listPage } from '../../src/list/list-flow.js'
import type { ListedEntry } from '../../src/list/page-builder.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket(3, 2, 2)
const nothing: Token = { context: { vector: new Map(), cloud: new Map() }, newest: 0, seq: 0 }
const request = (more: Partial<ListRequest> = {}): ListRequest => ({
  bucket,
  what: 'keys',
  prefix: '',
  delimiter: undefined,
  limit: 1000,
  startAfter: undefined,
  token: undefined,
  details: true,
  timeoutMs: undefined,
  signal: undefined,
  ...more,
})
const put = async (cluster: FakeCluster, key: string, more = {}) =>
  (await write(cluster.c, await writeOf(cluster.c, bucket, key, 'kind' in more ? '' : 'x', more))).version

type Listed = Exclude<ListedEntry, { readonly prefix: string }>
const list = async (cluster: FakeCluster, more: Partial<ListRequest> = {}) =>
  (await listPage(cluster.c, request(more))).entries as Listed[]

t.test('the context of a key covers all its heads, that of a version just this one', async t => {
  const cluster = fakeCluster()
  const first = await put(cluster, 'k')
  const one = await put(cluster, 'k')
  const two = await put(cluster, 'k', { token: nothing })
  const [entry] = await list(cluster)
  const token = readToken(entry?.context ?? '', bucket.id, 'k')
  t.strictSame(
    [first, one, two].map(({ dot }) => covers(token.context, dot)),
    [true, true, true],
  )
  t.strictSame([token.newest, token.seq], [two.createdAt, one.seq])
  const merged = await put(cluster, 'k', { token })
  t.equal(merged.seq, 3)
  t.match(await list(cluster), [{ version: { id: merged.id }, siblings: [] }])

  const versions = await list(cluster, { what: 'versions' })
  const shown = versions.find(({ version }) => version.id === one.id)
  const ofOne = readToken(shown?.context ?? '', bucket.id, 'k').context
  t.strictSame(
    [first, one, two].map(({ dot }) => covers(ofOne, dot)),
    [true, true, false],
  )
})

t.test('a key whose latest head is a marker shows only beside an object, as the marker', async t => {
  const cluster = fakeCluster()
  const edited = await put(cluster, 'edited/k')
  const marker = await put(cluster, 'edited/k', { kind: 'marker', token: nothing })
  await put(cluster, 'gone')
  await put(cluster, 'gone', { kind: 'marker' })
  await put(cluster, 'gone', { kind: 'marker', token: nothing })
  t.strictSame(await list(cluster, { details: false }), [])
  const entries = await list(cluster)
  t.match(entries, [
    { key: 'edited/k', version: { id: marker.id, kind: 'marker' }, isLatest: true, siblings: [edited.id] },
  ])
  t.equal(entries.length, 1)
  t.strictSame(await listPage(cluster.c, request({ delimiter: '/' })), {
    entries: [{ prefix: 'edited/' }],
    token: undefined,
  })
})

t.test('they cost no further request', async t => {
  const cluster = fakeCluster()
  for (let i = 0; i < 50; i++) await put(cluster, `k${i}`)
  await new Promise(setImmediate)
  const costOf = async (details: boolean): Promise<unknown> => {
    cluster.agents.sent.length = 0
    await list(cluster, { details })
    return cluster.agents.sent.map(({ name, head }) => [name, (head as { limit: number }).limit])
  }
  t.strictSame(await costOf(true), await costOf(false))
})

t.test('a page of them fits a frame, whatever versions carry', async t => {
  const cluster = fakeCluster({ agents: 1, replicas: 1 })
  const metadata = Array.from({ length: 60 }, (_, i) => [`name-${i}`, 'v'.repeat(200)])
  for (let i = 0; i < 100; i++)
    await put(cluster, `k${i}`, { metadata, contentType: 'x'.repeat(255), token: nothing })
  const seen: string[] = []
  let token: string | undefined
  do {
    const page = await listPage(cluster.c, request({ token }))
    const bytes = encodeValue({ entries: page.entries.map(entryAnswer), token: page.token ?? '' }).length
    t.ok(bytes < limits.headBytesMax, `${bytes} bytes`)
    t.ok(page.entries.length < 100, `${page.entries.length} entries`)
    seen.push(...page.entries.map(entry => ('key' in entry ? entry.key : '')))
    token = page.token
  } while (token !== undefined)
  t.equal(new Set(seen).size, 100)
  t.equal(seen.length, 100)
})
