import t from 'tap'
import type { SqlDatabase } from '../../src/disk/disk.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { KeyRows } from '../../src/index/key-rows.js'
import { Removals } from '../../src/index/removals.js'
import { migrateIndex } from '../../src/index/schema.js'
import { IndexFixture } from './index-fixture.js'

t.test('every statement finds its rows by an index and sorts nothing', async t => {
  const database = new MemoryDisk().openDatabase('x')
  migrateIndex(database, 'memory')
  const statements: string[] = []
  const recorder = {
    prepare(sql: string) {
      statements.push(sql)
      return database.prepare(sql)
    },
  } as unknown as SqlDatabase
  const rows = new KeyRows(recorder)
  new Removals(recorder, rows.counts)
  t.ok(statements.length > 20)
  for (const sql of statements) {
    const values = Array<null>(sql.split('?').length - 1).fill(null)
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[]
    const details = plan.map(({ detail }) => detail).join('; ')
    // The one look at start whether there is any removal at all.
    if (sql.includes('SELECT 1 FROM removals LIMIT 1')) continue
    t.notMatch(details, /SCAN/, `${sql}: ${details}`)
    t.notMatch(details, /TEMP B-TREE/, `${sql}: ${details}`)
  }
})

/** Rows that `run` read and wrote. */
function costOf(fixture: IndexFixture, run: () => void): { read: number; written: number } {
  const before = { ...fixture.index.rows.counts }
  run()
  const { read, written } = fixture.index.rows.counts
  return { read: read - before.read, written: written - before.written }
}

t.test('a write to a long history touches the rows that one to a short history does', async t => {
  const fixture = new IndexFixture(1)
  t.same(
    costOf(fixture, () => fixture.mint(0, {})),
    { read: 0, written: 1 },
    'the first PUT of a key',
  )
  fixture.mint(0, {})
  const short = costOf(fixture, () => fixture.mint(0, {}))
  t.same(short, { read: 2, written: 2 }, 'the row, and the latest head of before in a row of its own')
  const token = fixture.mint(0, {}).summary.closed
  const shortExact = costOf(fixture, () => fixture.mint(0, { cover: token, exact: true }))
  for (let i = 0; i < 2000; i++) fixture.mint(0, {})
  t.same(
    costOf(fixture, () => fixture.mint(0, {})),
    short,
  )
  const longToken = fixture.mint(0, {}).summary.closed
  t.same(
    costOf(fixture, () => fixture.mint(0, { cover: longToken, exact: true })),
    shortExact,
  )
  fixture.close()
})

t.test(
  'at the cap a write costs the new version, a delete per version that goes, and one row that says so',
  async t => {
    const fixture = new IndexFixture(1)
    const retention = { policy: { kind: 'global' as const, max: 100 }, live: [], attributes: new Map() }
    for (let i = 0; i < 100; i++) fixture.mint(0, { retention })
    t.equal(fixture.index.find(new Uint8Array(16).fill(7), Buffer.from('key-0'))?.summary.versionCount, 100)
    const { written } = costOf(fixture, () => fixture.mint(0, { retention }))
    t.equal(written, 2 + 1 + 1)
    const dynamic = { ...retention, policy: { kind: 'dynamic' as const, max: 100 } }
    const quarter = costOf(fixture, () => fixture.mint(0, { retention: dynamic }))
    t.equal(quarter.written, 2 + 25 + 1)
    const latest = { ...retention, policy: { kind: 'latest' as const } }
    fixture.mint(1, { retention: latest })
    t.equal(
      costOf(fixture, () => fixture.mint(1, { retention: latest })).written,
      2,
      'the latest head of before goes with its row, and the list says so',
    )
    fixture.close()
  },
)
