import {
  type CausalContext,
  emptyContext,
  encodeContext,
  joinContexts,
} from '@torc/cluster/clocks/causal-context'
import { readToken } from '@torc/cluster/clocks/token'
import { compareVersions, headsOf, mergeStates } from '@torc/cluster/state/key-state'
import { contextAfterWrite, type Version } from '@torc/cluster/state/version'
import fc from 'fast-check'
import t from 'tap'
import { purge } from '../../src/flows/delete-flow.js'
import { write } from '../../src/flows/put-flow.js'
import { type ListRequest, listPage } from '../../src/list/list-flow.js'
import type { ListedEntry } from '../../src/list/page-builder.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const strong = testBucket(3, 2, 2)
const ends = { timeoutMs: undefined, signal: undefined }
const request = (more: Partial<ListRequest> = {}): ListRequest => ({
  bucket: strong,
  what: 'keys',
  prefix: '',
  delimiter: undefined,
  limit: 1000,
  startAfter: undefined,
  token: undefined,
  ...ends,
  ...more,
})
const put = async (cluster: FakeCluster, key: string, more = {}) =>
  write(cluster.c, await writeOf(cluster.c, strong, key, 'kind' in more ? '' : 'x', more))
const shown = (entry: ListedEntry) => ('prefix' in entry ? `${entry.prefix}*` : entry.key)
const settle = () => new Promise(setImmediate)

async function all(cluster: FakeCluster, more: Partial<ListRequest> = {}): Promise<ListedEntry[]> {
  const entries: ListedEntry[] = []
  let token: string | undefined
  do {
    const page = await listPage(cluster.c, request({ ...more, token }))
    if (page.entries.length > (more.limit ?? 1000)) throw new Error('a page beyond its limit')
    entries.push(...page.entries)
    token = page.token
  } while (token !== undefined)
  return entries
}

t.test('keys in order, by prefix and delimiter', async t => {
  const cluster = fakeCluster()
  for (const key of ['b/2', 'a', 'b', 'b/1/x', 'c', 'b/1']) await put(cluster, key)
  await settle()
  t.strictSame((await all(cluster)).map(shown), ['a', 'b', 'b/1', 'b/1/x', 'b/2', 'c'])
  t.strictSame((await all(cluster, { prefix: 'b/' })).map(shown), ['b/1', 'b/1/x', 'b/2'])
  t.strictSame((await all(cluster, { delimiter: '/' })).map(shown), ['a', 'b', 'b/*', 'c'])
  t.strictSame((await all(cluster, { delimiter: '/', prefix: 'b/' })).map(shown), ['b/1', 'b/1/*', 'b/2'])
  t.strictSame((await all(cluster, { startAfter: 'b/1' })).map(shown), ['b/1/x', 'b/2', 'c'])
  t.strictSame((await all(cluster, { startAfter: 'b/', delimiter: '/' })).map(shown), ['c'])
  t.strictSame((await all(cluster, { startAfter: 'b/1', delimiter: '/' })).map(shown), ['b/*', 'c'])
})

t.test('deleted keys and dead prefixes do not show, versions do', async t => {
  const cluster = fakeCluster()
  await put(cluster, 'dead/one')
  await put(cluster, 'dead/one', { kind: 'marker' })
  await put(cluster, 'gone')
  await purge(cluster.c, {
    bucket: strong,
    key: 'gone',
    versionId: undefined,
    token: undefined,
    retry: false,
    ...ends,
  })
  await put(cluster, 'live')
  await settle()
  t.strictSame((await all(cluster)).map(shown), ['live'])
  t.strictSame((await all(cluster, { delimiter: '/' })).map(shown), ['live'])
  const versions = await all(cluster, { what: 'versions' })
  t.strictSame(
    versions.map(entry => ('prefix' in entry ? '' : [entry.key, entry.version.kind, entry.isLatest])),
    [
      ['dead/one', 'marker', true],
      ['dead/one', 'object', false],
      ['live', 'object', true],
    ],
  )
})

t.test(
  'as of then: neither what came later nor prefixes that only it has; markers and versions of then',
  async t => {
    const cluster = fakeCluster()
    await put(cluster, 'a/old')
    const { version: marked } = await put(cluster, 'b')
    const { version: marker } = await put(cluster, 'b', { kind: 'marker' })
    await put(cluster, 'b')
    await put(cluster, 'a/new')
    await put(cluster, 'later/1')
    await settle()
    const at = marker.createdAt
    t.strictSame((await all(cluster, { delimiter: '/' })).map(shown), ['a/*', 'b', 'later/*'])
    t.strictSame((await all(cluster, { delimiter: '/', at })).map(shown), ['a/*'])
    t.strictSame((await all(cluster, { at: marked.createdAt, limit: 1 })).map(shown), ['a/old', 'b'])
    const versions = await all(cluster, { what: 'versions', prefix: 'b', at })
    t.strictSame(
      versions.map(entry => ('prefix' in entry ? '' : [entry.version.kind, entry.isLatest])),
      [
        ['marker', true],
        ['object', false],
      ],
    )
    await t.rejects(all(cluster, { at: at + 10_000_000 }), { code: 'BAD_REQUEST', message: /in the future/ })
  },
)

t.test('a missing partition is an error, never a shorter listing', async t => {
  const cluster = fakeCluster()
  await put(cluster, 'a')
  await settle()
  const [first, second] = cluster.ids
  cluster.agents.down.add(first ?? '')
  t.strictSame((await all(cluster)).map(shown), ['a'])
  cluster.agents.down.add(second ?? '')
  await t.rejects(all(cluster), { code: 'UNAVAILABLE', message: /16 of 16 partitions/ })
})

t.test('an agent that fails while it is listed is left out', async t => {
  const cluster = fakeCluster()
  await put(cluster, 'a')
  await settle()
  const [first] = cluster.ids
  cluster.agents.fault = ({ agent, name }) =>
    agent === first && name === 'fetchRange' ? { kind: 'lost' } : undefined
  t.strictSame((await all(cluster)).map(shown), ['a'])
  cluster.agents.fault = ({ name }) =>
    name === 'fetchRange' ? { kind: 'refused', code: 'CORRUPT' } : undefined
  await t.rejects(all(cluster), { code: /UNAVAILABLE|CORRUPT/ })
})

t.test('a prefix costs what it shows, not what lies under it', async t => {
  const cluster = fakeCluster({ agents: 1, replicas: 1 })
  for (let i = 0; i < 700; i++) await put(cluster, `big/${i}`)
  await put(cluster, 'small')
  cluster.agents.sent.length = 0
  t.strictSame((await all(cluster, { delimiter: '/' })).map(shown), ['big/*', 'small'])
  t.equal(cluster.agents.sentTo('fetchRange').length, 2)
})

t.test('a page fits a frame, however long its keys are', async t => {
  const cluster = fakeCluster({ agents: 1, replicas: 1 })
  for (let i = 0; i < 900; i++) await put(cluster, `${i}`.padEnd(1024, 'x'))
  const page = await listPage(cluster.c, request())
  t.ok(page.entries.length < 500, `${page.entries.length} entries`)
  t.ok(page.token)
  t.equal((await all(cluster)).length, 900)
})

/** What a write covers that covers these versions. */
function coverText(versions: readonly Version[]): string {
  return contextText(versions.map(contextAfterWrite).reduce(joinContexts, emptyContext))
}

function contextText(context: CausalContext): string {
  return ` ${Buffer.from(encodeContext(context)).toString('hex')}`
}

// The oracle sorts everything that the merged states of all owners show, without any paging.
function oracle(cluster: FakeCluster, list: ListRequest): string[] {
  const keys = new Set(
    cluster.ids.flatMap((_, i) => [...cluster.agent(i).keys.values()].map(({ key }) => key)),
  )
  const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const out: string[] = []
  for (const key of sorted) {
    if (!key.startsWith(list.prefix)) continue
    if (list.startAfter !== undefined && Buffer.compare(Buffer.from(key), Buffer.from(list.startAfter)) <= 0)
      continue
    const state = cluster.ids.map((_, i) => cluster.agent(i).stateOf(list.bucket.id, key)).reduce(mergeStates)
    const versions = [...state.versions.values()]
      .filter(({ createdAt }) => createdAt <= (list.at ?? Number.MAX_SAFE_INTEGER))
      .sort(compareVersions)
    const heads = headsOf(versions)
    const [latest] = heads
    const alive = list.details ? heads.some(({ kind }) => kind === 'object') : latest?.kind === 'object'
    const visible = list.what === 'versions' ? versions : latest !== undefined && alive ? [latest] : []
    if (visible.length === 0) continue
    const covered = (version: Version): string =>
      list.details === true ? coverText(list.what === 'keys' ? heads : [version]) : ''
    const at = list.delimiter === undefined ? -1 : key.indexOf(list.delimiter, list.prefix.length)
    if (at < 0) out.push(...visible.map(version => `${key} ${version.id}${covered(version)}`))
    else {
      const common = `${key.slice(0, at + 1)}*`
      if (out.at(-1) !== common && `${list.startAfter}*` !== common) out.push(common)
    }
  }
  return out
}

t.test(
  'property: pages of any size over replicas of any staleness show what a naive listing shows',
  async () => {
    const key = fc
      .array(fc.constantFrom('a', 'b', '/', '\ue000', '\u{10000}'), { minLength: 1, maxLength: 4 })
      .map(units => units.join(''))
    const step = fc.record({
      // Often the same, so that it has a history.
      key: fc.oneof(fc.constantFrom('a', 'a/b'), key),
      kind: fc.constantFrom('put', 'put', 'put', 'marker', 'purge', 'purge version'),
      reached: fc.integer({ min: 1, max: 7 }),
      // The writer has seen nothing of the key.
      beside: fc.constantFrom(false, false, true),
    })
    const list = fc.record({
      what: fc.constantFrom('keys' as const, 'versions' as const),
      prefix: fc.constantFrom('', '', 'a', 'a/', 'b'),
      delimiter: fc.constantFrom(undefined, '/'),
      limit: fc.integer({ min: 1, max: 7 }),
      details: fc.boolean(),
      startAfter: fc.option(key, { nil: undefined }),
      // As of the n-th write; undefined: now.
      asOf: fc.option(fc.nat({ max: 29 }), { nil: undefined }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), list, fc.integer(), async (steps, wanted, seed) => {
        const cluster = fakeCluster({ seed })
        // R = N: the listing sees what the oracle sees, however stale single replicas are.
        const bucket = testBucket(3, 3, 1)
        const weak = testBucket(3, 1, 1)
        const last = new Map<string, string>()
        const times = [cluster.c.hybridClock.now()]
        for (const { key, kind, reached, beside } of steps) {
          cluster.agents.down.clear()
          for (const [i, id] of cluster.ids.entries())
            if ((reached & (1 << i)) === 0) cluster.agents.down.add(id)
          if (kind === 'put' || kind === 'marker') {
            const more = {
              kind: kind === 'put' ? ('object' as const) : ('marker' as const),
              token: beside ? { context: emptyContext, newest: 0, seq: 0 } : undefined,
            }
            const { version } = await write(cluster.c, await writeOf(cluster.c, weak, key, '', more))
            last.set(key, version.id)
            times.push(version.createdAt)
          } else {
            const versionId = kind === 'purge' ? undefined : (last.get(key) ?? 'none')
            await purge(cluster.c, { bucket: weak, key, versionId, token: undefined, retry: true, ...ends })
          }
          await settle()
        }
        cluster.agents.down.clear()
        const { asOf, ...rest } = wanted
        const at = asOf === undefined ? undefined : times[Math.min(asOf, times.length - 1)]
        const more = { ...rest, bucket, at }
        const entries = await all(cluster, more)
        const got = entries.map(entry => {
          if ('prefix' in entry) return `${entry.prefix}*`
          const { key, version, context } = entry
          const told = context === undefined ? '' : contextText(readToken(context, bucket.id, key).context)
          return `${key} ${version.id}${told}`
        })
        const expected = oracle(cluster, request(more))
        if (JSON.stringify(got) === JSON.stringify(expected)) return
        throw new Error(`listed ${JSON.stringify(got)} instead of ${JSON.stringify(expected)}`)
      }),
      { numRuns: 400 },
    )
  },
)
