import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { filled, run } from '../doubles/run.js'
import { linesOf, TestIo } from '../doubles/test-io.js'

/** Runs `act` once the watch has asked for the n-th time. */
async function whenAsked(store: Awaited<ReturnType<typeof filled>>, times: number): Promise<void> {
  while (store.feed.asked.length < times) await new Promise(setImmediate)
}

t.test('a line for each change, from now on, until enough came', async t => {
  const store = await filled({ 'photos/old': 'x' })
  const running = run(['watch', 'photos', '--limit', '3'], { store })
  await whenAsked(store, 2)
  await store.put('photos', 'a/1', 'x')
  await store.delete('photos', 'a/1', { marker: true })
  await store.delete('photos', 'old')
  const { code, out, err } = await running
  t.equal(code, 0)
  t.strictSame(
    linesOf(out).map(line => line.split('\t')),
    [
      ['2026-01-02T03:04:05.678Z', 'put', 'a/1', 'v2'],
      ['2026-01-02T03:04:05.678Z', 'marker', 'a/1', 'v3'],
      ['2026-01-02T03:04:05.678Z', 'remove', 'old', 'v1'],
    ],
  )
  t.match(err, /Watching. To go on from here later: torc watch photos --cursor c1\n/)
  t.match(err, /To go on from here: torc watch photos --cursor c4\n/)
})

t.test('below a prefix, from a cursor, as JSON: every cursor is one from which nothing is lost', async t => {
  const store = await filled({ 'b/p/1': 'x', 'b/q/1': 'x', 'b/p/2': 'x', 'b/p/3': 'x' })
  const { code, io } = await run(['watch', 'b/p/', '--cursor', 'c0', '--limit', '3', '--json'], { store })
  t.equal(code, 0)
  const createdAt = '2026-01-02T03:04:05.678Z'
  const change = { bucket: 'b', kind: 'object', createdAt, type: 'put' }
  t.strictSame(
    io.records,
    [
      { cursor: 'c0', ...change, key: 'p/1', versionId: 'v1' },
      { cursor: 'c0', ...change, key: 'p/2', versionId: 'v3' },
      { cursor: 'c4', ...change, key: 'p/3', versionId: 'v4' },
    ].map(record => ({ ...record })),
    'that of the batch only behind its last change',
  )
  const cut = await run(['watch', 'b', '--cursor', 'c0', '--limit', '2'], { store })
  t.match(cut.err, /--cursor c0\n/, 'what was not shown comes again')
  t.equal(linesOf(cut.out).length, 2)
})

t.test('a cursor that is too old is said, and the watch goes on from now', async t => {
  for (const json of [false, true]) {
    const store = await filled({ 'b/1': 'x', 'b/2': 'x' })
    store.feed.firstKept = 1
    const running = run(['watch', 'b', '--cursor', 'c0', '--limit', '1', ...(json ? ['--json'] : [])], {
      store,
    })
    await whenAsked(store, 2)
    await store.put('b', '3', 'x')
    const { code, io, out, err } = await running
    t.equal(code, 0)
    if (json) {
      t.match(io.records, [
        { event: 'reset', cursor: 'c2' },
        { key: '3', cursor: 'c3' },
      ])
      t.equal(err, '')
    } else {
      t.match(err, /warning: Changes were missed/)
      t.equal(linesOf(out).length, 1)
    }
  }
})

t.test('Ctrl-C ends it with 130 and tells where to go on', async t => {
  const store = await filled({ 'b/1': 'x' })
  const io = new TestIo()
  const running = run(['watch', 'b'], { store, io })
  await whenAsked(store, 2)
  io.interrupt()
  const { code, err } = await running
  t.equal(code, 130)
  t.match(err, /To go on from here: torc watch b --cursor c1/)
})

t.test('colours and aligned words for people; passing failures are sat out', async t => {
  const store = await filled({ 'b/1': 'x' })
  const io = new TestIo({ terminal: true, variables: { NO_COLOR: '', TERM: 'xterm' } })
  const running = run(['watch', 'b', '--cursor', 'c0', '--limit', '3'], { store, io })
  await whenAsked(store, 2)
  store.feed.failures.push(new TorcError('UNREACHABLE', 'the server went away'))
  await store.put('b', 'evil\u001b[2J', 'x')
  await whenAsked(store, 4)
  await store.put('b', 'after', 'x')
  t.equal((await running).code, 0)
  const lines = linesOf(io.stdout.text)
  const green = (text: string): string => `\u001b[32m${text}\u001b[39m`
  t.ok(lines[0]?.includes('2026-01-02 03:04:05'))
  t.ok(lines[0]?.includes(`${green('put   ')}  1  `))
  t.match(lines[1], /evil\\x1b\[2J/)
})

t.test('what cannot be', async t => {
  const store = await filled({ 'b/1': 'x' })
  t.equal((await run(['watch'], { store })).code, 2)
  t.equal((await run(['watch', 'nowhere'], { store })).code, 3)
  t.equal((await run(['watch', 'b', '--cursor', 'nonsense'], { store })).code, 2)
})
