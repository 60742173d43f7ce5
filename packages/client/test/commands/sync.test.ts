import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { filled, run } from '../doubles/run.js'

t.test('a folder goes up, and comes down elsewhere as it was', async t => {
  const directory = t.testdir({ a: { 'one.txt': 'one', deep: { er: { 'two.sh': 'two' } }, empty: {} } })
  const script = join(directory, 'a/deep/er/two.sh')
  chmodSync(script, 0o755)
  utimesSync(script, 1_700_000_000.25, 1_700_000_000.25)
  symlinkSync('one.txt', join(directory, 'a/link'))
  const store = await filled({ 'b/other': '' })
  const up = await run(['sync', 'a', 'b/notes', '--once'], { store, directory })
  t.equal(up.code, 0, up.err)
  t.match(up.err, /client [a-z2-7]{26} \(new/)
  t.match(up.err, '6 up, 0 down, 0 removed')
  t.match(up.out, 'up\tone.txt\n')
  const again = await run(['sync', 'a', 'b/notes', '--once'], { store, directory })
  t.equal(again.code, 0)
  t.equal(again.out, '', 'nothing is left to do')
  const down = await run(['sync', 'c', 'b/notes/', '--once', '--json'], { store, directory })
  t.equal(down.code, 0, down.err)
  t.match(down.io.records[0], { event: 'opened', newClient: true, newSession: true, place: 'b/notes/' })
  t.match(down.io.records.at(-1), { event: 'level', uploaded: 0, downloaded: 6, conflicts: 0, left: 0 })
  t.equal(readFileSync(join(directory, 'c/link'), 'utf8'), 'one')
  const copy = statSync(join(directory, 'c/deep/er/two.sh'))
  t.strictSame([copy.mode & 0o100, copy.mtimeMs], [0o100, 1_700_000_000_250])
  t.ok(statSync(join(directory, 'c/empty')).isDirectory())
})

t.test('conflicts are 6, and both are kept', async t => {
  const directory = t.testdir({ a: { 'x.txt': 'here' } })
  const store = await filled({ 'b/x.txt': 'there' })
  const { code, err } = await run(['sync', 'a', 'b', '--once'], { store, directory })
  t.equal(code, 6)
  t.match(err, /both sides changed x\.txt: the other one is x\.conflict-.*\.txt/)
  const texts = [...(store.held.get('b')?.keys() ?? [])].sort()
  t.match(
    texts,
    ['x.conflict-', 'x.txt'].map(text => new RegExp(text.replace('.', '\\.'))),
  )
})

t.test('most files gone is 7, with --yes-delete they go; a name that cannot be is 8', async t => {
  const files = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`f${i}`, `text ${i}`]))
  const directory = t.testdir({ a: files })
  const store = await filled({ 'b/keep': '' })
  t.equal((await run(['sync', 'a', 'b', '--once'], { store, directory })).code, 0)
  for (const name of Object.keys(files)) rmSync(join(directory, 'a', name))
  const asked = await run(['sync', 'a', 'b', '--once', '--json'], { store, directory })
  t.equal(asked.code, 7)
  t.match(JSON.parse(asked.err), { error: { code: 'SYNC_NEEDS_DECISION', hint: /--yes-delete/ } })
  t.equal((await run(['sync', 'a', 'b', '--once', '--yes-delete'], { store, directory })).code, 0)
  const live: string[] = []
  for await (const entry of store.list('b')) if ('key' in entry) live.push(entry.key)
  t.strictSame(live, ['keep'])
  store.hostileKeys = ['../evil']
  rmSync(join(directory, 'a/.torc-sync'), { recursive: true })
  const partial = await run(['sync', 'a', 'b', '--once'], { store, directory })
  t.equal(partial.code, 8, partial.err)
  t.match(partial.err, 'not synced: ../evil')
  t.notOk(existsSync(join(directory, 'evil')))
})

t.test('a dry run says what it would do, and leaves no trace', async t => {
  const directory = t.testdir({ a: { 'x.txt': 'here' } })
  const store = await filled({ 'b/y.txt': 'there' })
  const { code, out } = await run(['sync', 'a', 'b', '--dry-run'], { store, directory })
  t.equal(code, 0)
  t.match(out, /^down\ty\.txt\t/m)
  t.match(out, /^up\tx\.txt\t/m)
  t.notOk(existsSync(join(directory, 'a/y.txt')))
  t.notOk(existsSync(join(directory, 'a/.torc-sync/session.json')))
  t.strictSame([...(store.held.get('b')?.keys() ?? [])], ['y.txt'])
  t.strictSame(await store.syncSessions('b'), [])
})

t.test('a folder has one place; sessions are listed; ids are kept', async t => {
  const directory = t.testdir({ a: { x: '1' }, c: {} })
  const store = await filled({ 'b/o': '', 'd/o': '' })
  t.equal((await run(['sync', 'a', 'b/p', '--once'], { store, directory })).code, 0)
  const other = await run(['sync', 'a', 'd', '--once'], { store, directory })
  t.equal(other.code, 6)
  t.match(other.err, /is synced with b\/p\/, not with d\//)
  const [first] = await store.syncSessions('b')
  const joined = await run(['sync', 'c', 'b/p', '--once', '--id', first?.client ?? ''], { store, directory })
  t.match(joined.err, new RegExp(`client ${first?.client}\n`), 'known, so not new')
  const list = await run(['sync', '--list', 'b', '--json'], { store, directory })
  t.equal(list.io.records.length, 2)
  t.match(list.io.records[0], { bucket: 'b', prefix: 'p/', client: first?.client })
  t.equal((await run(['sync', '--list'], { store, directory })).out.split('\n').length, 3)
  t.equal((await run(['sync', 'a'], { store, directory })).code, 2)
  mkdirSync(join(directory, 'e'))
  t.equal((await run(['sync', 'e', 'none', '--once'], { store, directory })).code, 3)
})

t.test('a session that was idle too long reads everything again, and deletes nothing', async t => {
  const directory = t.testdir({ a: { x: '1', y: '2' } })
  const store = await filled({ 'b/o': '0' })
  const first = await run(['sync', 'a', 'b', '--once', '--json'], { store, directory })
  await store.delete('b', 'y', { marker: true })
  store.nowMs += 31 * 24 * 3600 * 1000
  const { code, io } = await run(['sync', 'a', 'b', '--once', '--json'], { store, directory })
  t.equal(code, 0)
  t.match(io.records[0], { event: 'opened', newSession: true })
  t.not(io.records[0]?.session, first.io.records[0]?.session)
  t.equal(readFileSync(join(directory, 'a/y'), 'utf8'), '2', 'nobody can tell any more that it was deleted')
})

t.test('a damaged journal is put aside, and nothing is deleted', async t => {
  const directory = t.testdir({ a: { x: '1', y: '2' } })
  const store = await filled({ 'b/o': '0' })
  t.equal((await run(['sync', 'a', 'b', '--once'], { store, directory })).code, 0)
  rmSync(join(directory, 'a/x'))
  await store.delete('b', 'y', { marker: true })
  writeFileSync(join(directory, 'a/.torc-sync/journal.db'), 'rubbish '.repeat(1000))
  const merged = await run(['sync', 'a', 'b', '--once'], { store, directory })
  t.equal(merged.code, 0, merged.err)
  t.match(merged.err, 'was damaged')
  t.equal(readFileSync(join(directory, 'a/x'), 'utf8'), '1')
  const live: string[] = []
  for await (const entry of store.list('b')) if ('key' in entry) live.push(entry.key)
  t.strictSame(live, ['o', 'x', 'y'])
})
