import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import type { MemoryStore } from '../doubles/memory-store.js'
import { filled, type Ran, run } from '../doubles/run.js'
import { TestIo } from '../doubles/test-io.js'

async function answering(store: MemoryStore, argv: string[], answer: string): Promise<Ran> {
  const io = new TestIo({ terminal: true })
  io.stdin.write(`${answer}\n`)
  return run(argv, { store, io })
}

const textOf = async (store: MemoryStore, bucket: string, key: string): Promise<string> =>
  (await store.get(bucket, key)).text()

t.test('cp: names, old versions, and what it prints', async t => {
  const store = await filled({ 'photos/2026/sea.jpg': 'old', 'archive/x': 'x' })
  await store.put('photos', '2026/sea.jpg', 'new', { contentType: 'image/jpeg' })
  for (const [destination, key] of [
    ['archive/copy', 'copy'],
    ['archive', 'sea.jpg'],
    ['/archive/', 'sea.jpg'],
    ['archive/in/', 'in/sea.jpg'],
  ] as const) {
    t.equal((await run(['cp', 'photos/2026/sea.jpg', destination], { store })).code, 0, destination)
    t.equal(await textOf(store, 'archive', key), 'new')
  }
  t.equal((await store.head('archive', 'copy')).contentType, 'image/jpeg')

  const reverted = await run(
    ['cp', 'photos/2026/sea.jpg', 'photos/2026/sea.jpg', '--version-id', 'v1', '--json'],
    { store },
  )
  t.match(reverted.io.records[0], {
    ...{ bucket: 'photos', key: '2026/sea.jpg', size: 3, siblings: [], sentBytes: 0 },
    ...{ sourceBucket: 'photos', sourceKey: '2026/sea.jpg', sourceVersionId: 'v1' },
  })
  t.equal(await textOf(store, 'photos', '2026/sea.jpg'), 'old')

  const plain = await run(['cp', 'archive/x', 'archive/y'], { store })
  t.match(plain.out, /^archive\/y\tv\d+\t1\tetag-[0-9a-f]+\tarchive\/x\tv2\n$/)
  const terminal = await run(['cp', 'archive/x', 'archive/z'], { store, terminal: true })
  t.match(terminal.out, /^copied archive\/x to archive\/z {2}1 B {2}version v\d+ {2}1 of 1 copies safe\n$/)
  const given = ['--content-type', 'a/b', '--meta', 'n=1', '--policy', 'latest']
  t.equal((await run(['cp', 'archive/x', 'archive/given', ...given], { store })).code, 0)
  t.match(await store.head('archive', 'given'), { contentType: 'a/b', metadata: [['n', '1']] })
  t.equal(store.policies.get('archive/given'), 'latest')
})

t.test('cp: what can not be copied', async t => {
  const store = await filled({ 'b/k': 'k' })
  for (const [source, destination, exit, said] of [
    ['b/none', 'b/x', 3, 'there is no b/none'],
    ['b/k', 'none/x', 3, 'no bucket none'],
    ['b', 'b/x', 2, 'names no key'],
    ['./file', 'b/x', 2, 'put BUCKET/KEY FILE'],
    ['b/k', '../file', 2, 'get BUCKET/KEY FILE'],
    ['b/k', 'My_Files', 2, 'get BUCKET/KEY FILE'],
  ] as const) {
    const { code, err } = await run(['cp', source, destination], { store })
    t.equal(code, exit, `${source} ${destination}`)
    t.match(err, said)
  }
  t.equal((await run(['cp', 'b/k'], { store })).code, 2)
  t.equal((await run(['cp', 'b/k', 'b/l', '--version-id', 'v9'], { store })).code, 3)
})

t.test('cp beside what was written meanwhile names the sibling', async t => {
  const store = await filled({ 'b/k': 'k', 'b/l': 'l' })
  const { context } = await store.head('b', 'l')
  await store.put('b', 'l', 'meanwhile')
  const { err } = await run(['cp', 'b/k', 'b/l', '--context', context], { store })
  t.match(err, '1 sibling beside it: see `get b/l --all-siblings DIR`')
})

t.test('mv: the versions go, a marker keeps them', async t => {
  const store = await filled({ 'b/k': 'one', 'b/marked': 'm', 'b/old': 'first' })
  await store.put('b', 'k', 'two')
  const moved = await run(['mv', 'b/k', 'b/moved', '--json'], { store })
  t.match(moved.io.records[0], { key: 'moved', sourceKey: 'k', sourceVersionId: 'v4', marker: null })
  t.same(new Set(moved.io.records[0]?.removed as string[]), new Set(['v1', 'v4']))
  t.equal(await textOf(store, 'b', 'moved'), 'two')
  t.equal(store.held.get('b')?.has('k'), false)

  const marked = await run(['mv', 'b/marked', 'b/away', '--marker'], { store })
  t.equal(marked.code, 0)
  t.match(marked.err, /kept under the delete marker v\d+/)
  t.equal(store.held.get('b')?.get('marked')?.length, 2)
  await t.rejects(store.head('b', 'marked'), { code: 'KEY_NOT_FOUND' })

  await store.put('b', 'old', 'second')
  t.equal((await run(['mv', 'b/old', 'b/first', '--version-id', 'v3'], { store })).code, 0)
  t.equal(await textOf(store, 'b', 'first'), 'first')
  t.equal(await textOf(store, 'b', 'old'), 'second')
  t.equal(store.held.get('b')?.get('old')?.length, 1)
})

t.test('mv asks before it removes more than one version', async t => {
  const store = await filled({ 'b/k': 'one', 'b/single': 's' })
  await store.put('b', 'k', 'two')
  const no = await answering(store, ['mv', 'b/k', 'b/l'], 'n')
  t.equal(no.code, 1)
  t.match(no.err, 'Remove 2 versions of b/k for good? [y/N]')
  t.same([...(store.held.get('b')?.keys() ?? [])], ['k', 'single'])
  const single = await answering(store, ['mv', 'b/single', 'b/other'], 'n')
  t.notMatch(single.err, 'Remove')
  t.match(single.out, 'moved b/single to b/other')
  const yes = await answering(store, ['mv', 'b/k', 'b/l'], 'y')
  t.match(yes.err, 'removed b/k: 2 versions')
  await store.put('b', 'l', 'more')
  t.notMatch((await answering(store, ['mv', 'b/l', 'b/m', '--yes'], '')).err, 'Remove')
  await store.put('b', 'm', 'more')
  t.notMatch((await answering(store, ['mv', 'b/m', 'b/n', '--marker'], '')).err, 'Remove')
})

t.test('mv keeps what it does not move', async t => {
  const store = await filled({ 'b/k': 'base' })
  const { context } = await store.head('b', 'k')
  await store.put('b', 'k', 'left', { context })
  await store.put('b', 'k', 'right', { context })
  const refused = await run(['mv', 'b/k', 'b/l', '--json'], { store })
  t.equal(refused.code, 6)
  t.equal(refused.io.errors[0]?.error.code, 'CONFLICT')
  t.match(refused.io.errors[0]?.error.hint, '--all-siblings')
  t.equal(store.held.get('b')?.get('k')?.length, 3)

  t.equal((await run(['mv', 'b/k', 'b/k'], { store })).code, 2)
  t.equal((await run(['mv', 'b/k', 'b/l', '--version-id', 'v1', '--marker'], { store })).code, 2)

  await store.put('b', 'other', 'x')
  store.delete = async () => {
    throw new TorcError('UNAVAILABLE', 'two owners are down')
  }
  const half = await run(['mv', 'b/other', 'b/there', '--json'], { store })
  t.equal(half.code, 5)
  t.match(half.io.errors[0]?.error, {
    message: 'copied to b/there, but b/other could not be removed: two owners are down',
    hint: /rm b\/other/,
  })
})
