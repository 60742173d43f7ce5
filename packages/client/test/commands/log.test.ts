import type { HistoryEntry } from '@torc/protocol/store/object-store'
import t from 'tap'
import type { MemoryStore } from '../doubles/memory-store.js'
import { filled, run } from '../doubles/run.js'
import { TestIo } from '../doubles/test-io.js'

/** v1, then v2 and v3 beside each other, v4 that covers both, and a delete marker v5. */
async function withHistory(): Promise<MemoryStore> {
  const store = await filled({ 'b/k': 'one' })
  const { context } = await store.head('b', 'k')
  await store.put('b', 'k', 'left', { context })
  await store.put('b', 'k', 'right', { context })
  await store.put('b', 'k', 'both')
  await store.delete('b', 'k', { marker: true })
  return store
}

/** Without what differs from run to run. */
const withoutTimes = (text: string): string => text.replace(/\d{4}-\d\d-\d\d[ T][\d:.]+Z?/g, 'TIME')

t.test('lines for programs', async t => {
  const { code, out } = await run(['log', 'b/k'], { store: await withHistory() })
  t.equal(code, 0)
  t.strictSame(
    withoutTimes(out)
      .trimEnd()
      .split('\n')
      .map(line => line.split('\t')),
    [
      ['v5', 'TIME', '0', 'marker', 'agent-1', 'latest', 'v4'],
      ['v4', 'TIME', '4', 'object', 'agent-1', '-', 'v3,v2'],
      ['v3', 'TIME', '5', 'object', 'agent-1', '-', 'v1'],
      ['v2', 'TIME', '4', 'object', 'agent-1', '-', 'v1'],
      ['v1', 'TIME', '3', 'object', 'agent-1', '-', '-'],
    ],
  )
})

t.test('JSON, with and without --graph', async t => {
  const store = await withHistory()
  const { io } = await run(['log', 'b/k', '--json'], { store })
  t.equal(io.records.length, 5)
  t.match(io.records[1], { bucket: 'b', key: 'k', versionId: 'v4', kind: 'object', size: 4, seq: 4 })
  t.strictSame(Object.keys(io.records[1] ?? {}), [
    ...['bucket', 'key', 'versionId', 'kind', 'size', 'etag', 'contentType', 'createdAt', 'seq', 'actor'],
    ...['counter', 'mintedBy', 'isLatest', 'isHead', 'parents'],
  ])
  const graph = await run(['log', 'b/k', '--graph', '--json'], { store })
  t.strictSame(graph.io.records, io.records)
})

t.test('the picture', async t => {
  const store = await withHistory()
  const { out } = await run(['log', 'b/k', '--graph'], { store })
  t.equal(
    withoutTimes(out),
    [
      'x    v5  TIME  deleted  agent-1  [latest]',
      '*    v4  TIME      4 B  agent-1',
      '|\\',
      '* |  v3  TIME      5 B  agent-1',
      '| *  v2  TIME      4 B  agent-1',
      '|/',
      '*    v1  TIME      3 B  agent-1',
      '',
    ].join('\n'),
  )
  const terminal = await run(['log', 'b/k', '--graph'], {
    store,
    io: new TestIo({ terminal: true, variables: { NO_COLOR: '', TORC_CONFIG_DIR: '/nonexistent' } }),
  })
  t.match(terminal.out, '\u001b[36m|\u001b[39m\u001b[35m\\\u001b[39m', 'each lane in its colour')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
  t.equal(terminal.out.replace(/\u001b\[\d+m/g, ''), out, 'and the same picture')
})

t.test('a terminal, with what is current marked', async t => {
  const store = await filled({ 'b/k': 'one' })
  const { context } = await store.head('b', 'k')
  await store.put('b', 'k', 'left', { context })
  await store.put('b', 'k', 'x'.repeat(2048), { context })
  const { out } = await run(['log', 'b/k'], { store, terminal: true })
  t.equal(
    withoutTimes(out),
    [
      'v3  TIME  2.0 KiB  agent-1  [latest]',
      'v2  TIME      4 B  agent-1  [sibling]',
      'v1  TIME      3 B  agent-1',
      '',
    ].join('\n'),
  )
})

t.test('--limit, and that there is more', async t => {
  const store = await withHistory()
  t.equal((await run(['log', 'b/k', '--limit', '2', '--json'], { store })).io.records.length, 2)
  t.match(
    (await run(['log', 'b/k', '--limit', '1', '--graph'], { store })).out,
    /\n\| +older versions are not shown\n$/,
  )
  t.equal((await run(['log', 'b/k', '--limit', '0'], { store })).code, 2)
})

t.test('an agent that nobody knows any more, and names with control characters', async t => {
  const store = await withHistory()
  const history = store.history.bind(store)
  store.history = async function* (...given) {
    for await (const entry of history(...given)) {
      yield { ...entry, mintedBy: entry.versionId === 'v4' ? undefined : 'evil\u001b[2J' }
    }
  }
  const { out } = await run(['log', 'b/k', '--graph'], { store })
  t.match(out, 'actor 00000000')
  t.match(out, 'evil\\x1b[2J')
  t.match((await run(['log', 'b/k'], { store })).out, 'evil\\x1b[2J')
  t.equal((await run(['log', 'b/k', '--json'], { store })).io.records[1]?.mintedBy, null)
})

t.test('a history longer than what is aligned together', async t => {
  const store = await filled({ 'b/k': 'one' })
  const entry = (await store.history('b', 'k')[Symbol.asyncIterator]().next()).value as HistoryEntry
  const idOf = (number: number): string => `same${String(number).padStart(8, '0')}`
  store.history = async function* () {
    for (let seq = 2500; seq >= 1; seq--) {
      const parents = seq === 1 ? [] : [idOf(seq - 1)]
      yield { ...entry, versionId: idOf(seq), seq, parents, isLatest: seq === 2500 }
    }
  }
  const lines = (await run(['log', 'b/k', '--graph'], { store })).out.trimEnd().split('\n')
  t.equal(lines.length, 2500)
  t.match(lines[0], /^\* {2}same00002500 {2}/)
  t.match(lines.at(-1), /^\* {2}same00000001 {2}/)
})

t.test('what is not there, and what names no key', async t => {
  const store = await withHistory()
  t.equal((await run(['log', 'b/none'], { store })).code, 3)
  t.equal((await run(['log', 'b'], { store })).code, 2)
  t.equal((await run(['log'], { store })).code, 2)
})

t.test('help', async t => {
  const { code, out } = await run(['log', '--help'])
  t.equal(code, 0)
  for (const wanted of ['log BUCKET/KEY', '--graph', '--limit N', 'x is a delete marker'])
    t.match(out, wanted)
})
