import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import type { MemoryStore } from '../doubles/memory-store.js'
import { filled, run } from '../doubles/run.js'

/** v1, and v2 and v3 that were both written on top of it. */
async function forked(): Promise<MemoryStore> {
  const store = await filled({ 'b/plan': 'base' })
  const { context } = await store.head('b', 'plan')
  await store.put('b', 'plan', 'left', { context })
  await store.put('b', 'plan', 'right', { context })
  return store
}

t.test('with an empty token nothing is replaced, nor removed', async t => {
  const store = await filled({ 'b/plan': 'there before' })
  for (const put of [['--context', ''], ['--context=']]) {
    const { io } = await run(['put', 'b/plan', ...put, '--json'], { store, input: 'beside' })
    t.match(io.records, [{ siblings: /v1/ }])
  }
  t.match((await run(['cp', 'b/plan', 'b/plan', '--context', '', '--json'], { store })).io.records, [
    { siblings: ['v3', 'v2', 'v1'] },
  ])
  await run(['rm', 'b/plan', '--context', '', '--yes'], { store })
  t.match(await store.head('b', 'plan'), { siblings: ['v3', 'v2', 'v1'] })
})

t.test('every head is written, and a put with the token resolves them', async t => {
  const store = await forked()
  const directory = t.testdir({})
  const { code, out, err } = await run(['get', 'b/plan', '--all-siblings', 'heads'], { store, directory })
  t.equal(code, 0)
  t.same(readdirSync(join(directory, 'heads')).sort(), ['v2', 'v3'])
  t.equal(readFileSync(join(directory, 'heads/v2'), 'utf8'), 'left')
  t.equal(readFileSync(join(directory, 'heads/v3'), 'utf8'), 'right')
  t.match(out, new RegExp(`^${directory}/heads/v3\tv3\t5\tetag`))
  t.match(
    err,
    '2 heads of b/plan; to resolve them, put what shall be:\nput b/plan FILE --context context-3+2\n',
  )

  const json = await run(['get', 'b/plan', '--all-siblings', 'heads', '--json'], { store, directory })
  t.match(json.io.records, [
    { versionId: 'v3', siblings: ['v2'], context: 'context-3+2', file: join(directory, 'heads/v3') },
    { versionId: 'v2', siblings: ['v3'], context: 'context-3+2', file: join(directory, 'heads/v2') },
  ])
  const shell = await run(['shell', '-c', 'cd b\nget plan --all-siblings heads'], { store, directory })
  t.match(shell.err, 'put /b/plan FILE --context', 'names of the shell are relative: this one is not')
  const token = String(json.io.records[0]?.context)
  const resolved = await run(['put', 'b/plan', '--context', token, '--json'], { store, input: 'both' })
  t.same(resolved.io.records[0]?.siblings, [])
  const one = await run(['get', 'b/plan', '--all-siblings', 'one'], { store, directory, terminal: true })
  t.match(one.out, /^wrote .*one\/v4 {2}4 B/)
  t.match(one.err, 'one head: there is nothing to resolve')
  const old = await run(['get', 'b/plan', '--all-siblings', 'x', '--version-id', 'v1'], { store, directory })
  t.equal(old.code, 2)
})

t.test('head, get and ls name siblings', async t => {
  const store = await forked()
  const directory = t.testdir({})
  t.match((await run(['head', 'b/plan'], { store })).out, 'siblings\tv2\ncontext\tcontext-3+2')
  const got = await run(['get', 'b/plan', 'file'], { store, directory })
  t.match(got.err, '1 sibling beside it: see `get b/plan --all-siblings DIR` or `head b/plan`')
  t.match((await run(['ls', 'b', '--json'], { store })).io.records[0], { siblings: ['v2'] })
})

t.test('what the heads were', async t => {
  const store = await forked()
  store.nowMs += 60_000
  await store.put('b', 'plan', 'merged')
  const directory = t.testdir({})
  const argv = ['get', 'b/plan', '--all-siblings', 'heads', '--at', '30s']
  const { code, err } = await run(argv, { store, directory })
  t.equal(code, 0)
  t.same(readdirSync(join(directory, 'heads')).sort(), ['v2', 'v3'])
  t.match(err, '2 heads of b/plan, as of 2026-01-02T03:04:35.678Z')
  t.notMatch(err, '--context', 'there is nothing to resolve any more')
})

t.test('a head that says "deleted" is told, not written', async t => {
  const store = await forked()
  const directory = t.testdir({})
  await store.delete('b', 'plan', { marker: true, context: 'context-3' })
  const details = { marker: 'v4', siblings: ['v2'], context: 'context-4+2' }
  const head = store.head.bind(store)
  store.head = async (bucket, key, options) => {
    if (options?.versionId !== undefined) return head(bucket, key, options)
    throw new TorcError('KEY_NOT_FOUND', 'b/plan is deleted', { details })
  }
  const get = store.get.bind(store)
  store.get = async (...given) => {
    const object = await get(...given)
    if (object.kind === 'marker') throw new TorcError('VERSION_NOT_FOUND', 'v4 has no body')
    return object
  }
  const { code, out, err } = await run(['get', 'b/plan', '--all-siblings', '.'], { store, directory })
  t.equal(code, 0)
  t.match(out, /^deleted\tv4\t0\t/)
  t.same(readdirSync(directory), ['v2'])
  t.match(err, '2 heads of b/plan (1 of them: deleted)')
  t.match(err, '--context context-4+2')
  store.head = async () => {
    throw new TorcError('KEY_NOT_FOUND', 'b/plan is deleted', { details: { marker: 'v4', siblings: [] } })
  }
  t.equal((await run(['get', 'b/plan', '--all-siblings', '.'], { store, directory })).code, 3)
})
