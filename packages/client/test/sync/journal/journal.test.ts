import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t from 'tap'
import { Journal } from '../../../src/sync/journal/journal.js'
import type { Content, RemoteEntry, SyncedEntry } from '../../../src/sync/trees/entry.js'

const content: Content = { kind: 'file', sha256: 'ab'.repeat(32), size: 7, executable: true }
const synced: SyncedEntry = { content, fingerprint: '1:2:3', versionId: 'v1', context: 'token' }
const remote: RemoteEntry = {
  heads: [{ content, mtimeMs: 1.5, versionId: 'v2', createdAt: new Date(5), client: 'c' }],
  besideMarker: true,
  context: 'token2',
}

t.test('what was written is there after it was opened again', async t => {
  const file = join(t.testdir(), 'journal.db')
  const journal = Journal.open(file)
  t.equal(journal.cursor, undefined)
  journal.transaction(() => {
    journal.cursor = 'c1'
    journal.setSynced('a/b.txt', synced)
    journal.setSynced('a/', { ...synced, versionId: undefined })
    journal.setRemote('a/b.txt', remote)
    journal.setRemote('gone', undefined)
    journal.setArrival('y', { content, versionId: 'v', context: 'c' })
    journal.setIntent('x', { opId: Buffer.from('0123456789abcdef'), content, fingerprint: 'f', context: '' })
  })
  journal.close()
  const again = Journal.open(file)
  t.equal(again.cursor, 'c1')
  t.strictSame(
    new Map(again.synced()),
    new Map([
      ['a/', { ...synced, versionId: undefined }],
      ['a/b.txt', synced],
    ]),
  )
  t.strictSame(
    new Map(again.remote()),
    new Map<string, unknown>([
      ['a/b.txt', remote],
      ['gone', undefined],
    ]),
  )
  const [[name, intent] = [], ...others] = again.intents()
  t.equal(name, 'x')
  t.equal(others.length, 0)
  t.strictSame(Buffer.from(intent?.opId ?? []).toString(), '0123456789abcdef')
  t.match(intent, { content, fingerprint: 'f', context: '' })
  t.strictSame([...again.arrivals()], [['y', { content, versionId: 'v', context: 'c' }]])
  again.clear()
  t.strictSame(
    [[...again.synced()], [...again.remote()], [...again.intents()], [...again.arrivals()], again.cursor],
    [[], [], [], [], undefined],
  )
  again.close()
})

t.test('a transaction that fails leaves nothing', async t => {
  const journal = Journal.open(':memory:')
  const write = () =>
    journal.transaction(() => {
      journal.setSynced('a', synced)
      throw new Error('stop')
    })
  t.throws(write, { message: 'stop' })
  t.strictSame([...journal.synced()], [])
  journal.close()
})

t.test('a second process is refused, a damaged file and one of a newer version are told apart', async t => {
  const file = join(t.testdir(), 'journal.db')
  const journal = Journal.open(file)
  journal.cursor = 'c'
  t.throws(() => Journal.open(file), { code: 'CONFLICT' })
  journal.close()
  const newer = new Database(file)
  newer.pragma('user_version = 99')
  newer.close()
  t.throws(() => Journal.open(file), { code: 'CONFIG' })
  writeFileSync(file, 'this is no database, by no means at all, however long one looks at it')
  t.throws(() => Journal.open(file), { code: 'CORRUPT' })
})
