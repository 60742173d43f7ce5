import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { filled, run } from '../doubles/run.js'

const putFields = [
  ...['bucket', 'key', 'versionId', 'size', 'etag', 'sha256', 'contentType', 'createdAt', 'context', 'clock'],
  ...['siblings', 'mintedBy', 'preferenceList', 'replicasWritten', 'vectorClocks', 'down', 'hinted'],
  ...['deduplicatedBytes', 'sentBytes'],
]

t.test('put: a file, standard input, metadata, and what it prints', async t => {
  const directory = t.testdir({ 'a.txt': 'from a file' })
  const store = await filled({ 'photos/x': 'x' })
  const file = await run(
    [
      'put',
      'photos/a/b.txt',
      'a.txt',
      '--json',
      '--content-type',
      'text/plain',
      '--meta',
      'who=me',
      '--meta',
      'n=1=2',
    ],
    { store, directory },
  )
  t.equal(file.code, 0)
  const [record] = file.io.records
  t.same(Object.keys(record ?? {}), putFields)
  t.match(record, {
    bucket: 'photos',
    key: 'a/b.txt',
    size: 11,
    contentType: 'text/plain',
    createdAt: '2026-01-02T03:04:05.678Z',
  })
  t.same((await store.head('photos', 'a/b.txt')).metadata, [
    ['who', 'me'],
    ['n', '1=2'],
  ])

  for (const argv of [
    ['put', 'photos/in'],
    ['put', 'photos/in', '-'],
  ]) {
    t.equal((await run(argv, { store, input: 'from input' })).code, 0)
    t.equal(await (await store.get('photos', 'in')).text(), 'from input')
  }
  const plain = await run(['put', 'photos/007', 'a.txt'], { store, directory })
  t.match(plain.out, /^photos\/007\tv\d+\t11\tetag-[0-9a-f]+\n$/)
  t.equal((await run(['put', 'photos/007', 'a.txt', '--quiet'], { store, directory })).out, '')
  const shared = await run(['put', 'photos/s', 'a.txt', '--shared'], { store, directory })
  t.equal(shared.code, 0)
  t.ok(store.calls.includes(`putShared ${join(directory, 'a.txt')}`), 'the path is absolute')
})

t.test('put: what can not be stored', async t => {
  const directory = t.testdir({ folder: {} })
  const store = await filled({ 'photos/x': 'x' })
  for (const [argv, code, exit] of [
    [['put', 'photos/a', 'none.txt'], 'FILE_NOT_FOUND', 3],
    [['put', 'photos/a', 'folder'], 'NOT_A_FILE', 2],
    [['put', 'nobucket/a', '-'], 'BUCKET_NOT_FOUND', 3],
    [['put', 'photos/', '-'], 'BAD_REQUEST', 2],
    [['put', `photos/${'k'.repeat(1025)}`, '-'], 'BAD_REQUEST', 2],
    [['put', 'photos/a', '--shared'], 'BAD_REQUEST', 2],
    [['put', '--recursive', 'folder'], 'BAD_REQUEST', 2],
  ] as const) {
    const ran = await run([...argv, '--json'], { store, directory })
    t.equal(ran.code, exit, argv.join(' '))
    t.equal(ran.io.errors[0]?.error.code, code)
  }
})

t.test('get: to standard output and to a file', async t => {
  const directory = t.testdir({ 'old.txt': 'old' })
  const store = await filled({ 'photos/a': '0123456789', 'photos/empty': '' })
  t.equal((await run(['get', 'photos/a'], { store })).out, '0123456789')
  t.equal((await run(['get', 'photos/a', '-'], { store })).out, '0123456789')
  t.equal((await run(['get', 'photos/empty'], { store })).out, '')
  for (const [range, out] of [
    ['2-4', '234'],
    ['7-', '789'],
    ['-2', '89'],
  ] as const) {
    t.equal((await run(['get', 'photos/a', '--range', range], { store })).out, out, range)
  }
  const file = await run(['get', 'photos/a', 'old.txt', '--json'], { store, directory })
  t.equal(file.code, 0)
  t.equal(readFileSync(join(directory, 'old.txt'), 'utf8'), '0123456789')
  t.match(file.io.records[0], {
    bucket: 'photos',
    key: 'a',
    versionId: 'v1',
    siblings: [],
    context: 'context-1',
    file: join(directory, 'old.txt'),
  })
  const shared = await run(['get', 'photos/a', 'new.txt', '--shared'], { store, directory })
  t.equal(shared.code, 0)
  t.equal(store.calls.at(-1), `getShared ${join(directory, 'new.txt')}`)
  t.equal((await run(['get', 'photos/none', 'x'], { store, directory })).code, 3)
  t.equal((await run(['get', 'photos/a', '.'], { store, directory })).code, 2, 'a directory is no file')
  t.equal((await run(['get', 'photos/a', 'no/such/folder'], { store, directory })).code, 3)
  t.equal((await run(['get', 'photos/a', '--version-id', 'v9'], { store })).code, 3)
})

t.test('head', async t => {
  const store = await filled({ 'photos/a': 'hello' })
  const json = await run(['head', 'photos/a', '--json'], { store })
  t.match(json.io.records[0], {
    versionId: 'v1',
    kind: 'object',
    size: 5,
    siblings: [],
    context: 'context-1',
    clock: { '00000000000000aa': 1 },
  })
  t.match((await run(['head', 'photos/a'], { store })).out, /^name\tphotos\/a\nversion\tv1 \(latest\)\n/)
})

t.test('ls: buckets, folders, keys, versions', async t => {
  const store = await filled({
    'photos/2026/a': 'a',
    'photos/2026/b': 'bb',
    'photos/top': 'ttt',
    'logs/x': '',
  })
  await store.put('photos', 'top', 'newer')
  t.same((await run(['ls', '--json'], { store })).io.records, [
    { bucket: 'logs', createdAt: '2026-01-02T03:04:05.678Z', policy: 'all', replicas: 3 },
    { bucket: 'photos', createdAt: '2026-01-02T03:04:05.678Z', policy: 'all', replicas: 3 },
  ])
  const [folder, key] = (await run(['ls', 'photos', '--json'], { store })).io.records
  t.same(folder, { prefix: '2026/' })
  t.same(Object.keys(key ?? {}), [
    'bucket',
    'key',
    'versionId',
    'size',
    'etag',
    'createdAt',
    'kind',
    'isLatest',
    'siblings',
  ])
  const names = (out: string): string[] =>
    out
      .split('\n')
      .filter(line => line !== '')
      .map(line => line.split('\t')[0] ?? '')
  t.same(names((await run(['ls', 'photos', '--recursive'], { store })).out), ['2026/a', '2026/b', 'top'])
  t.same(names((await run(['ls', 'photos/2026/'], { store })).out), ['2026/a', '2026/b'])
  t.same(names((await run(['ls', 'photos', '--recursive', '--limit', '1'], { store })).out), ['2026/a'])
  t.same(names((await run(['ls', 'photos', '--recursive', '--start-after', '2026/a'], { store })).out), [
    '2026/b',
    'top',
  ])
  const versions = await run(['ls', 'photos/top', '--versions', '--json'], { store })
  t.same(
    versions.io.records.map(({ size, isLatest }) => [size, isLatest]),
    [
      [5, true],
      [3, false],
    ],
  )
  t.equal((await run(['ls', 'none'], { store })).code, 3)
  const nothing = await run(['ls', 'photos/zzz'], { store })
  t.same([nothing.code, nothing.out], [0, ''])
})

t.test('ls on a terminal aligns, and lets no control characters through', async t => {
  const store = await filled({ 'photos/plain': 'x'.repeat(5000) })
  await store.put('photos', 'evil\u001b[2Jname', 'x')
  const { out } = await run(['ls', 'photos'], { store, terminal: true })
  t.match(out, ' 4.9 KiB  2026-01-02 03:04:05  plain\n')
  t.match(out, 'evil\\x1b[2Jname')
  t.notMatch(out, '\u001b')
  t.match(
    (await run(['ls'], { store, terminal: true })).out,
    /bucket\s+created\s+replicas\s+policy\nphotos\s+2026/,
  )
})

t.test('post prints the key, fetch gathers', async t => {
  const directory = t.testdir({ datum: 'from file' })
  const store = await filled({ 'events/x': 'x' })
  const posted = await run(['post', 'events', '--text', 'hello'], { store })
  const key = posted.out.trim()
  t.equal(await (await store.get('events', key)).text(), 'hello')
  t.match((await run(['post', 'events', 'datum', '--json'], { store, directory })).io.records[0], {
    size: 9,
    bucket: 'events',
  })
  t.equal((await run(['post', 'events', 'datum', '--text', 'x'], { store, directory })).code, 2)
  const fetched = await run(['fetch', 'events', '--prefix', 'x', '--json'], { store })
  t.same(fetched.io.records, [
    { bucket: 'events', key: 'x', versionId: 'v1', size: 1, agents: ['agent-1', 'agent-2'] },
  ])
  await store.put('events', 'x', 'second')
  const out = await run(['fetch', 'events', '--prefix', 'x', '--out', 'gathered'], { store, directory })
  t.equal(out.code, 0)
  t.equal(readFileSync(join(directory, 'gathered/x@v1'), 'utf8'), 'x')
})

t.test('rm: a key, a version, a marker', async t => {
  const store = await filled({ 'b/k': 'one', 'b/other': 'o' })
  await store.put('b', 'k', 'two')
  const [latest] = (await run(['ls', 'b/k', '--versions', '--json'], { store })).io.records
  const version = await run(['rm', 'b/k', '--version-id', String(latest?.versionId), '--json'], { store })
  t.same(version.io.records, [{ bucket: 'b', key: 'k', removed: [latest?.versionId], marker: null }])
  const marker = await run(['rm', 'b/k', '--marker', '--json'], { store })
  t.same(marker.io.records, [{ bucket: 'b', key: 'k', removed: [], marker: 'v4' }])
  t.equal((await run(['rm', 'b/k'], { store })).code, 0)
  t.equal((await run(['get', 'b/k'], { store })).code, 3)
})

t.test('rm asks on a terminal before it purges more than one version', async t => {
  const store = await filled({ 'b/k': 'one', 'b/single': 's', 'b/kk': 'longer name' })
  await store.put('b', 'k', 'two')
  const answering = async (argv: string[], answer: string): Promise<{ code: number; err: string }> => {
    const { TestIo } = await import('../doubles/test-io.js')
    const io = new TestIo({ terminal: true })
    io.stdin.write(`${answer}\n`)
    return run(argv, { store, io })
  }
  const no = await answering(['rm', 'b/k'], 'n')
  t.equal(no.code, 1)
  t.match(no.err, 'Remove 2 versions of b/k for good? [y/N]')
  t.equal(store.held.get('b')?.get('k')?.length, 2)
  t.notMatch((await answering(['rm', 'b/single'], 'n')).err, 'Remove')
  t.equal(store.held.get('b')?.has('single'), false)
  t.equal((await answering(['rm', 'b/k'], 'yes')).code, 0)
  t.equal(store.held.get('b')?.has('k'), false)
  await store.put('b', 'k', 'one')
  await store.put('b', 'k', 'two')
  t.notMatch((await answering(['rm', 'b/k', '--yes'], '')).err, 'Remove')
  t.equal(store.held.get('b')?.has('k'), false)
  const tree = await answering(['rm', '--recursive', 'b'], 'no')
  t.equal(tree.code, 1)
  t.match(tree.err, 'Remove every object under b/ for good?')
})

t.test('rm --recursive stays in its folder', async t => {
  const store = await filled({ 'b/a/1': '', 'b/a/2': '', 'b/a': 'itself', 'b/ab': 'not', 'b/z': '' })
  const { code, io } = await run(['rm', '--recursive', 'b/a', '--json'], { store })
  t.equal(code, 0)
  t.same(io.records.map(({ key }) => key).sort(), ['a', 'a/1', 'a/2'])
  t.same([...(store.held.get('b')?.keys() ?? [])].sort(), ['ab', 'z'])
  t.equal((await run(['rm', '--recursive', 'b/none'], { store })).code, 3)
})

t.test('progress appears on a terminal only', async t => {
  const directory = t.testdir({ a: 'x' })
  writeFileSync(join(directory, 'big'), Buffer.alloc(300_000))
  const store = await filled({ 'b/x': '' })
  const { err } = await run(['put', 'b/k', 'big'], { store, directory })
  t.equal(err, '')
})
