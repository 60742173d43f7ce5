import { decodeVersion } from '@torc/cluster/state/version-codec'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import type { RequestOf } from '@torc/protocol/messages/table'
import fc from 'fast-check'
import t from 'tap'
import { fetched, firstEpoch, serverConnection, startedAgent } from '../support/agent-harness.js'
import { address, mint, soleAgent } from '../support/key-requests.js'

async function page(server: Exchange, request: Partial<RequestOf<'fetchRange'>>) {
  const answers = await fetched(server, 'fetchRange', { ...address, limit: 1000, ...request })
  const items = answers.flatMap(({ head }) => head.keys)
  return {
    items,
    keys: items.map(item => item.key),
    exhausted: answers.at(-1)?.head.exhausted === true,
    answers,
  }
}

t.test('pages in bytewise order, by prefix, after a key, to the end', async t => {
  const { server } = await soleAgent(t)
  const keys = [
    'a',
    'a/b',
    'a/b/c',
    'a0',
    'b',
    'ä',
    '\u{1f600}',
    '\uffee',
    'A',
    'a/',
    'dir/1',
    'dir/2',
    'dir0',
  ]
  for (const key of keys) await mint(server, key, Buffer.from(key))
  const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  t.same((await page(server, {})).keys, sorted)
  t.same(await (await page(server, {})).exhausted, true)
  t.same((await page(server, { prefix: 'a' })).keys, ['a', 'a/', 'a/b', 'a/b/c', 'a0'])
  t.same((await page(server, { prefix: 'a/b' })).keys, ['a/b', 'a/b/c'], 'the prefix itself is a key')
  t.same((await page(server, { prefix: 'dir/', after: 'dir/1' })).keys, ['dir/2'])
  t.same((await page(server, { prefix: 'dir/', after: 'a' })).keys, ['dir/1', 'dir/2'])
  t.same((await page(server, { prefix: 'dir/', after: 'z' })).keys, [])
  t.same((await page(server, { bucketId: new Uint8Array(16) })).keys, [])
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('', ...keys),
      fc.constantFrom('', ...keys),
      fc.integer({ min: 1, max: 5 }),
      async (prefix, start, limit) => {
        const expected = sorted.filter(
          key => key.startsWith(prefix) && Buffer.compare(Buffer.from(key), Buffer.from(start)) > 0,
        )
        const found: string[] = []
        let after = start
        for (;;) {
          const { keys, exhausted } = await page(server, { prefix, after, limit })
          found.push(...keys)
          if (exhausted) break
          if (keys.length !== limit) return false
          after = keys.at(-1) ?? after
        }
        return found.join('\n') === expected.join('\n')
      },
    ),
    { numRuns: 60 },
  )
})

t.test('removed keys are told too, with what was seen', async t => {
  const { server } = await soleAgent(t)
  const { context } = await mint(server, 'gone', Buffer.from('x'))
  await server.request('merge', { ...address, key: 'gone', context })
  const { items } = await page(server, {})
  t.same(
    items.map(({ key, heads }) => ({ key, heads })),
    [{ key: 'gone', heads: [] }],
  )
  t.same(items[0]?.context, context)
})

t.test('versions come with their keys, over several frames if need be', async t => {
  const { server } = await soleAgent(t)
  const metadata: [string, string][] = Array.from({ length: 4 }, (_, i) => [`name-${i}`, 'v'.repeat(3000)])
  const ids: string[] = []
  for (let i = 0; i < 70; i++)
    ids.push((await mint(server, 'long', Buffer.from('x'), { metadata })).version.id)
  await mint(server, 'short', Buffer.from('x'))
  const heads = await page(server, {})
  t.same(
    heads.items.map(item => [item.key, item.heads.length, item.versions]),
    [
      ['long', 1, undefined],
      ['short', 1, undefined],
    ],
  )
  const all = await page(server, { versions: true })
  t.ok(all.answers.length > 1)
  t.same([...new Set(all.keys)], ['long', 'short'])
  const long = all.items.filter(item => item.key === 'long')
  const records = long.flatMap(item => [...item.heads, ...(item.versions ?? [])])
  t.same(records.map(record => decodeVersion(record).id).sort(), ids.sort())
})

t.test('as of an earlier time, each key shows what it had then', async t => {
  const { server } = await soleAgent(t)
  const first = await mint(server, 'a', Buffer.from('1'))
  const left = await mint(server, 'a', Buffer.from('2'), { cover: first.context, exact: true })
  const other = await mint(server, 'b', Buffer.from('1'))
  const right = await mint(server, 'a', Buffer.from('3'), { cover: first.context, exact: true })
  const both = await mint(server, 'a', Buffer.from('4'))
  const shown = async (at: number, versions = false) => {
    const { items, exhausted } = await page(server, { at, versions })
    t.ok(exhausted)
    const id = (record: Uint8Array) => decodeVersion(record).id
    return items.map(item => [
      item.key,
      item.heads.map(id),
      ...(versions ? [item.versions?.map(id)] : []),
      item.headsCoverAll,
    ])
  }
  const [a, l, r, ab, b] = [first, left, right, both, other].map(({ version }) => version.id)
  const time = (minted: typeof first) => minted.version.createdAt
  t.same(await shown(time(first) - 1), [
    ['a', [], true],
    ['b', [], true],
  ])
  t.same(await shown(time(first)), [
    ['a', [a], true],
    ['b', [], true],
  ])
  t.same(await shown(time(left), true), [
    ['a', [l], [a], true],
    ['b', [], [], true],
  ])
  t.same(await shown(time(right), true), [
    ['a', [r, l], [a], true],
    ['b', [b], [], true],
  ])
  t.same(await shown(time(both)), [
    ['a', [ab], true],
    ['b', [b], true],
  ])
  const now = await page(server, { versions: true })
  const then = await page(server, { versions: true, at: time(first) })
  t.same(then.items[0]?.context, now.items[0]?.context, 'all that was seen, whenever it was made')
  await t.rejects(page(server, { at: -1 }), { code: 'BAD_REQUEST' })
})

t.test('a page is bounded by its bytes', async t => {
  const { server } = await soleAgent(t)
  const metadata: [string, string][] = Array.from({ length: 4 }, (_, i) => [`name-${i}`, 'v'.repeat(4000)])
  const keys = Array.from({ length: 300 }, (_, i) => `key-${String(i).padStart(3, '0')}`)
  await Promise.all(keys.map(key => mint(server, key, Buffer.from('x'), { metadata })))
  const first = await page(server, {})
  t.notOk(first.exhausted)
  t.ok(first.keys.length < 300 && first.keys.length > 200, `${first.keys.length} keys`)
  const second = await page(server, { after: first.keys.at(-1) ?? '' })
  t.ok(second.exhausted)
  t.same([...first.keys, ...second.keys], keys)
})

t.test('an agent outside of the layout says so', async t => {
  const agent = await startedAgent(t)
  const server = await serverConnection(t, agent)
  await t.rejects(page(server, {}), { code: 'NO_LAYOUT' })
  await server.request('putEpoch', { epoch: firstEpoch(['other-00000000']) })
  await t.rejects(page(server, {}), { code: 'NOT_OWNER' })
  await t.rejects(page(server, { epoch: 7 }), { code: 'STALE_EPOCH' })
})
