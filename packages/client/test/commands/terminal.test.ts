import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { filled, run } from '../doubles/run.js'
import { TestIo } from '../doubles/test-io.js'

t.test('what a person sees', async t => {
  const directory = t.testdir({ file: 'x'.repeat(2000) })
  const store = await filled({ 'b/k': 'one' })
  await store.put('b', 'k', 'two')
  const put = await run(['put', 'b/new', 'file'], { store, directory, terminal: true })
  t.match(put.out, 'stored b/new  2.0 KiB  version v3  1 of 1 copies safe')
  const get = await run(['get', 'b/new', 'out'], { store, directory, terminal: true })
  t.match(get.out, `wrote ${join(directory, 'out')}  2.0 KiB  version v3`)
  t.match((await run(['head', 'b/new'], { store, terminal: true })).out, '2000 (2.0 KiB)')
  t.match(
    (await run(['ls', 'b/k', '--versions'], { store, terminal: true })).out,
    /3 B {2}2026-01-02 03:04:05 {2}v2 {2}k\n/,
  )
  t.match((await run(['bucket', 'show', 'b'], { store, terminal: true })).out, 'write quorum  2')
  t.match((await run(['layout', 'show'], { store, terminal: true })).out, '1000 B')
  t.match((await run(['ls'], { store: await filled({}), terminal: true })).err, 'no buckets yet')
  t.match((await run(['ls', 'b/zzz'], { store, terminal: true })).err, 'nothing under b/zzz')
})

t.test('siblings and agents that are down are pointed out', async t => {
  const store = await filled({ 'b/k': 'one' })
  const put = store.put.bind(store)
  store.put = async (...given) => ({ ...(await put(...given)), siblings: ['v9'], down: ['agent-2'] })
  const { err } = await run(['put', 'b/k'], { store, input: 'x' })
  t.match(err, 'agents that are down: agent-2')
  t.match(err, '1 sibling beside it: see `get b/k --all-siblings DIR` or `head b/k`')
})

t.test('rb --force asks', async t => {
  const store = await filled({ 'b/k': 'one' })
  for (const [answer, code] of [
    ['n', 1],
    ['y', 0],
  ] as const) {
    const io = new TestIo({ terminal: true })
    io.stdin.write(`${answer}\n`)
    t.equal((await run(['rb', 'b', '--force'], { store, io })).code, code)
  }
  t.equal(store.held.has('b'), false)
})

t.test('an answer that misses agents is written as far as it goes, and told', async t => {
  const directory = t.testdir({})
  const store = await filled({ 'b/k': 'one' })
  const fetch = store.fetch.bind(store)
  store.fetch = async function* (...given) {
    yield* fetch(...given)
    throw new TorcError('PARTIAL', '3 partitions were not covered: agent-9 did not answer')
  }
  const listed = await run(['fetch', 'b', '--json'], { store })
  t.equal(listed.code, 8)
  t.equal(listed.io.records.length, 1)
  t.equal(listed.io.errors[0]?.error.code, 'PARTIAL')
  const written = await run(['fetch', 'b', '--out', 'out'], { store, directory })
  t.equal(written.code, 8)
  t.equal(readFileSync(join(directory, 'out/k'), 'utf8'), 'one')
  t.match(written.err, 'agent-9')
})

t.test('trees over shared paths, and options that a tree can not take', async t => {
  const directory = t.testdir({ tree: { a: 'a' } })
  const store = await filled({ 'b/in/k': 'one' })
  t.equal((await run(['put', '--recursive', 'tree', 'b/s', '--shared'], { store, directory })).code, 0)
  t.ok(store.calls.includes(`putShared ${join(directory, 'tree/a')}`))
  t.equal((await run(['get', '--recursive', 'b/in', 'out', '--shared'], { store, directory })).code, 0)
  t.ok(store.calls.includes(`getShared ${join(directory, 'out/k')}`))
  t.equal((await run(['get', '--recursive', 'b', 'out', '--range', '1-2'], { store, directory })).code, 2)
  t.equal((await run(['rm', '--recursive', 'b', '--version-id', 'v'], { store })).code, 2)
})

t.test('a body that can not be watched gets longer, unless the user says how long', async t => {
  const directory = t.testdir({ file: 'x' })
  const store = await filled({ 'b/k': 'one' })
  const given: (number | undefined)[] = []
  const putShared = store.putShared.bind(store)
  store.putShared = (bucket, key, path, options) => {
    given.push(options?.timeoutMs)
    return putShared(bucket, key, path, options)
  }
  await run(['put', 'b/s', 'file', '--shared'], { store, directory })
  await run(['put', 'b/s', 'file', '--shared', '--timeout', '5s'], { store, directory })
  const put = store.put.bind(store)
  store.put = (bucket, key, body, options) => {
    given.push(options?.timeoutMs)
    return put(bucket, key, body, options)
  }
  await run(['put', 'b/in', '-'], { store, input: 'x' })
  await run(['put', 'b/in', '-', '--timeout', '5s'], { store, input: 'x' })
  await run(['put', 'b/in', 'file'], { store, directory })
  t.same(given, [undefined, 5000, 3_600_000, 5000, undefined])
})

t.test('an interrupt stops a body from standard input that never ends', async t => {
  const store = await filled({ 'b/k': 'one' })
  const io = new TestIo({ terminal: true })
  const ran = run(['put', 'b/endless', '-'], { store, io })
  while (!io.stderr.text.includes('Ctrl-D')) await new Promise(resolve => setImmediate(resolve))
  io.stdin.write('some')
  while (!store.calls.includes('put b/endless')) await new Promise(resolve => setImmediate(resolve))
  io.interrupt()
  t.equal((await ran).code, 130)
  t.equal(store.held.get('b')?.has('endless'), false)
})

t.test('a long script line is run in its parts until one fails', async t => {
  const store = await filled({ 'b/k': 'one' })
  const { code, out } = await run(['shell', '-c', '!echo first; false\nls'], { store })
  t.equal(code, 1)
  t.equal(out, 'first\n')
})
