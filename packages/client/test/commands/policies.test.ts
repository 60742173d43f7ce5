import t from 'tap'
import { filled, run } from '../doubles/run.js'

t.test('policies of a key, a bucket and the cluster', async t => {
  const store = await filled({ 'b/k': 'one' })
  await store.put('b', 'k', 'two')
  const shown = async (...target: string[]): Promise<object | undefined> =>
    (await run(['policy', 'show', ...target, '--json'], { store })).io.records[0]
  t.same(await shown(), { policy: 'all', from: 'default', own: 'inherit' })
  t.equal((await run(['policy', 'set', 'dynamic:8'], { store })).code, 0)
  t.same(await shown(), { policy: 'dynamic:8', from: 'cluster', own: 'dynamic:8' })
  t.same(await shown('b'), { bucket: 'b', policy: 'dynamic:8', from: 'cluster', own: 'inherit' })
  const set = await run(['policy', 'set', 'global:2', 'b/'], { store })
  t.equal(set.out, 'policy of b: global:2\n')
  t.match(set.err, 'it acts with the next write')
  t.same(await shown('b/k'), {
    ...{ bucket: 'b', key: 'k', policy: 'global:2', from: 'bucket', own: 'inherit', versions: 2 },
    next: [{ versionId: 'v1', createdAt: '2026-01-02T03:04:05.678Z', size: 3 }],
  })
  t.same((await run(['policy', 'set', 'latest', 'b/k', '--json'], { store })).io.records, [
    { bucket: 'b', key: 'k', policy: 'latest' },
  ])
  t.match(await shown('b/k'), { policy: 'latest', from: 'object', own: 'latest' })
  t.match((await run(['policy', 'set', 'inherit', 'b/k'], { store })).out, 'b/k has no policy of its own')

  const terminal = await run(['policy', 'show', 'b/k'], { store, terminal: true })
  t.match(terminal.out, /policy {4}global:2\nfrom {6}the bucket\nown {7}inherit\nversions {2}2\n/)
  t.match(terminal.err, 'the next write would remove 1 version, oldest first')
  t.match(terminal.out, /v1\s+2026-01-02 03:04:05\s+3 B/)
  await store.setPolicy({ bucket: 'b', key: 'k' }, 'all')
  t.match((await run(['policy', 'show', 'b/k'], { store })).err, 'would remove nothing')
  t.match((await run(['policy', 'show', 'none'], { store })).code, 0)
  t.equal((await run(['policy', 'set', 'all', 'b/none'], { store })).code, 3)
  t.equal((await run(['policy', 'set'], { store })).code, 2)
})

t.test('a policy with a write, and of a new bucket', async t => {
  const store = await filled({ 'b/k': 'one' })
  const directory = t.testdir({ tree: { a: 'a' } })
  await run(['put', 'b/k', '--policy', 'latest'], { store, input: 'x' })
  await run(['put', '--recursive', 'tree', 'b/t', '--policy', 'global:3'], { store, directory })
  const posted = await run(['post', 'b', '--text', 'x', '--policy', 'global:4'], { store })
  t.same(
    ['b/k', 'b/t/a', `b/${posted.out.trim()}`].map(name => store.policies.get(name)),
    ['latest', 'global:3', 'global:4'],
  )
  t.equal((await run(['mb', 'kept', '--policy', 'global:7'], { store })).code, 0)
  t.match((await run(['bucket', 'show', 'kept', '--json'], { store })).io.records[0], {
    policy: 'global:7',
    policyFrom: 'bucket',
  })
  t.match((await run(['ls'], { store })).out, /kept\t\S+\t3\tglobal:7/)
})

t.test('bucket set changes what is named', async t => {
  const store = await filled({ 'b/k': 'one' })
  const set = await run(['bucket', 'set', 'b', '--write-quorum', '3', '--no-strict', '--json'], { store })
  t.match(set.io.records[0], { bucket: 'b', writeQuorum: 3, readQuorum: 2, strict: false, policy: 'all' })
  t.equal(store.calls.at(-1), 'changeBucket b {"writeQuorum":3,"strict":false}')
  const strict = await run(['bucket', 'set', 'b', '--strict', '--policy', 'latest'], {
    store,
    terminal: true,
  })
  t.match(strict.out, /strict {8}yes\npolicy {8}latest\n/)
  t.equal(store.calls.at(-1), 'changeBucket b {"strict":true,"policy":"latest"}')
  await store.setPolicy({}, 'global:9')
  await store.setPolicy({ bucket: 'b' }, 'inherit')
  t.match((await run(['bucket', 'show', 'b'], { store })).out, 'policy\tglobal:9 (of the cluster)')
  const nothing = await run(['bucket', 'set', 'b'], { store })
  t.equal(nothing.code, 2)
  t.match(nothing.err, '--no-strict')
  t.match((await run(['bucket', 'set', '--help'])).out, '--strict, --no-strict')
  t.equal((await run(['bucket', 'set', 'none', '--policy', 'all'], { store })).code, 3)
})

t.test('tags are set, shown and taken away', async t => {
  const store = await filled({ 'b/k': 'one' })
  await store.put('b', 'k', 'two')
  const set = await run(['tag', 'set', 'b/k', 'place=Kiel', 'sum=1+1=2', '--json'], { store })
  t.same(set.io.records, [{ bucket: 'b', key: 'k', versionId: 'v2', tags: { place: 'Kiel', sum: '1+1=2' } }])
  t.equal((await run(['tag', 'rm', 'b/k', 'sum'], { store })).code, 0)
  const shown = await run(['tag', 'show', 'b/k'], { store })
  t.equal(shown.out, 'place\tKiel\n')
  t.match(shown.err, 'tags of b/k, version v2')
  const old = await run(['tag', 'show', 'b/k', '--version-id', 'v1'], { store })
  t.same([old.out, old.code], ['', 0])
  t.match(old.err, 'no tags at b/k, version v1')
  for (const argv of [
    ['tag', 'set', 'b/k'],
    ['tag', 'set', 'b/k', 'noequals'],
    ['tag', 'set', 'b/k', '=value'],
    ['tag', 'rm', 'b/k'],
    ['tag', 'show', 'b'],
  ]) {
    t.equal((await run(argv, { store })).code, 2, argv.join(' '))
  }
  t.equal((await run(['tag', 'show', 'b/none'], { store })).code, 3)
})

t.test('rm --marker says how to bring the key back', async t => {
  const store = await filled({ 'b/k': 'one' })
  const marked = await run(['rm', 'b/k', '--marker'], { store, terminal: true })
  t.match(marked.out, 'marked b/k as deleted: v2')
  t.match(marked.err, 'rm b/k --version-id v2')
  t.equal((await run(['get', 'b/k'], { store })).code, 3)
  t.equal((await run(['rm', 'b/k', '--version-id', 'v2'], { store })).code, 0)
  t.equal((await run(['get', 'b/k'], { store })).out, 'one')
})

t.test('the shell knows where its names are', async t => {
  const store = await filled({ 'b/dir/k': 'one', 'c/x': 'x' })
  const script = [
    'cd b/dir',
    'cp k l',
    'cp k ../up',
    'mv l /c/',
    'policy set latest k',
    'tag set k a=1',
    'restore . --at 1m',
  ].join('\n')
  const { code, err } = await run(['shell', '-c', script], { store })
  t.equal(code, 0, err)
  t.same([...(store.held.get('b')?.keys() ?? [])].sort(), ['dir/k', 'up'])
  t.ok(store.held.get('c')?.has('l'))
  t.equal(store.policies.get('b/dir/k'), 'latest')
})
