import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { MemoryStore } from '../doubles/memory-store.js'
import { filled, run } from '../doubles/run.js'

const minutes = 60_000
const then = '2026-01-02T03:04:05.678Z'

/** Two keys; ten minutes later one is changed, one marked and one more made. */
async function changed(): Promise<MemoryStore> {
  const store = await filled({ 'b/a/k': 'old', 'b/a/gone': 'was here' })
  store.nowMs += 10 * minutes
  await store.put('b', 'a/k', 'newer')
  await store.delete('b', 'a/gone', { marker: true })
  await store.put('b', 'a/later', 'did not exist')
  store.nowMs += 10 * minutes
  store.calls.length = 0
  return store
}

t.test('get, head and ls show what was', async t => {
  const store = await changed()
  const directory = t.testdir({})
  t.equal((await run(['get', 'b/a/k'], { store })).out, 'newer')
  for (const at of [then, '15m', '2026-01-02 03:10', '2026-01-02T04:05:00+01:00']) {
    t.equal((await run(['get', 'b/a/k', '--at', at], { store })).out, 'old', at)
  }
  t.match((await run(['head', 'b/a/k', '--at', '15m', '--json'], { store })).io.records[0], {
    versionId: 'v1',
    size: 3,
  })
  const names = async (...more: string[]): Promise<unknown[]> => {
    const { io } = await run(['ls', 'b', '--recursive', '--json', ...more], { store })
    return io.records.map(({ key, versionId }) => `${key} ${versionId}`)
  }
  t.same(await names(), ['a/k v3', 'a/later v5'])
  t.same(await names('--at', '15m'), ['a/gone v2', 'a/k v1'])
  t.same(await names('--versions', '--at', '15m'), ['a/gone v2', 'a/k v1'])
  t.equal((await names('--versions')).length, 5)
  t.match((await run(['ls', 'b', '--at', '1d'], { store })).err, 'nothing under b/ as of 2026-01-01T03:24:05')

  const tree = await run(['get', '--recursive', 'b/a', 'out', '--at', '15m'], { store, directory })
  t.equal(tree.code, 0)
  t.equal(readFileSync(join(directory, 'out/k'), 'utf8'), 'old')
  t.equal(readFileSync(join(directory, 'out/gone'), 'utf8'), 'was here')
})

t.test('times that can not be', async t => {
  const store = await changed()
  const said = async (argv: string[]): Promise<string> => {
    const { code, err } = await run(argv, { store })
    t.equal(code, 2, argv.join(' '))
    return err
  }
  t.match(await said(['get', 'b/a/k', '--at', 'yesterday']), '--at must be a time, not "yesterday"')
  t.match(await said(['ls', 'b', '--at', '2026']), '10m, 2h or 3d')
  t.match(await said(['ls', 'b', '--at', '999999999999d']), '--at must be a time')
  const future = await said(['head', 'b/a/k', '--at', '2026-01-02T04:00:00Z'])
  t.match(future, '--at 2026-01-02T04:00:00.000Z is in the future')
  t.match(future, 'It is 2026-01-02T03:24:05.678Z now')
  t.match(await said(['get', 'b/a/k', '--at', '1m', '--version-id', 'v1']), 'not both')
  t.match(await said(['head', 'b/a/k', '--at', '1m', '--version-id', 'v1']), 'not both')
  t.match(await said(['ls', '--at', '1m']), 'need a BUCKET')
  t.match(await said(['restore', 'b']), 'restore needs --at TIME')
  t.match(await said(['restore', 'b', '--at', '2027-01-01']), 'in the future')
  t.same(
    store.calls.filter(call => call.startsWith('get')),
    [],
    'nothing was sent',
  )
  // Clocks differ a little: what is close is left to the server.
  await said(['get', 'b/a/k', '--at', '2026-01-02T03:24:06Z'])
  t.equal(store.calls.length, 1)
})

t.test('restore says what it does, does it, and does it once', async t => {
  const store = await changed()
  const plan = await run(['restore', 'b/a/', '--at', '15m', '--dry-run', '--json'], { store })
  t.same(plan.io.records, [
    { bucket: 'b', key: 'a/gone', action: 'restored', from: 'v2', versionId: null, dryRun: true },
    { bucket: 'b', key: 'a/k', action: 'restored', from: 'v1', versionId: null, dryRun: true },
    { bucket: 'b', key: 'a/later', action: 'deleted', from: null, versionId: null, dryRun: true },
  ])
  const dry = await run(['restore', 'b/a/', '--at', '15m', '--dry-run'], { store, terminal: true })
  t.match(
    dry.out,
    'under b/a/: 2 keys would be restored, 1 key would be marked as deleted; restoring only adds versions\n',
  )
  t.same(store.calls, [])

  const done = await run(['restore', 'b/a/', '--at', '15m'], { store, terminal: true })
  t.equal(done.code, 0)
  t.equal(
    done.out,
    'restored  a/gone  from version v2\nrestored  a/k  from version v1\ndeleted   a/later  was not there\n' +
      'under b/a/: 2 keys restored, 1 key marked as deleted; restoring only adds versions\n',
  )
  t.equal(await (await store.get('b', 'a/k')).text(), 'old')
  t.equal(store.held.get('b')?.get('a/later')?.length, 2, 'what was made is kept')

  const again = await run(['restore', 'b/a/', '--at', '16m'], { store })
  t.same([again.code, again.out], [0, ''])
  t.match(again.err, 'nothing to do: all under b/a/ is as it was at 2026-01-02T03:08:05.678Z')
  t.equal((await run(['restore', 'b', '--at', '16m', '--json'], { store })).out, '')
  t.equal((await run(['restore', 'none', '--at', '1m'], { store })).code, 3)
})

t.test('restore: lines for programs, and one key', async t => {
  const store = await changed()
  const one = await run(['restore', 'b/a/k', '--at', '15m'], { store })
  t.match(one.out, /^restored\ta\/k\tv1\tv\d+\n$/)
  t.match(one.err, 'under b/a/k: 1 key restored; restoring only adds versions')
  const marked = await run(['restore', 'b/a/later', '--at', '15m'], { store })
  t.match(marked.out, /^deleted\ta\/later\t-\tv\d+\n$/)
})
