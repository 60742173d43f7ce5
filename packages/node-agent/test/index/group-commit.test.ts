import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import type { SqlDatabase } from '../../src/disk/disk.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { GroupCommit, type TransactionListener } from '../../src/index/group-commit.js'
import { ManualClock } from '../support/manual-clock.js'

class Recorder implements TransactionListener {
  readonly events: string[] = []
  beforeCommit(): void {
    this.events.push('before')
  }
  committed(): void {
    this.events.push('committed')
  }
  rolledBack(): void {
    this.events.push('rolled back')
  }
}

interface Setup {
  disk: MemoryDisk
  database: SqlDatabase
  clock: ManualClock
  recorder: Recorder
  commit: GroupCommit
  insert(value: unknown): () => unknown
  rows(): unknown[]
}

function setup(): Setup {
  const disk = new MemoryDisk()
  const database = disk.openDatabase('x.sqlite')
  database.exec('CREATE TABLE t (a UNIQUE)')
  const clock = new ManualClock()
  const recorder = new Recorder()
  const commit = new GroupCommit(database, clock, [recorder])
  const statement = database.prepare('INSERT INTO t VALUES (?)')
  const rows = (): unknown[] => database.prepare('SELECT a FROM t ORDER BY rowid').pluck().all()
  return {
    disk,
    database,
    clock,
    recorder,
    commit,
    insert: value => () => statement.run(value).changes,
    rows,
  }
}

t.test('writes of one turn share a transaction, and nothing resolves before it is over', async t => {
  const { clock, commit, insert, recorder, rows } = setup()
  let resolved = 0
  const writes = [1, 2, 3].map(value => commit.submit(insert(value)).then(() => resolved++))
  await Promise.resolve()
  t.equal(resolved, 0)
  t.same(rows(), [])
  t.equal(clock.endTurn(), 1, 'one transaction was planned')
  await Promise.all(writes)
  t.same(rows(), [1, 2, 3])
  t.same(recorder.events, ['before', 'committed'])
  t.equal(clock.endTurn(), 0)
})

t.test('a write that refuses before it changed anything fails alone', async t => {
  const { clock, commit, insert, recorder, rows } = setup()
  const refused = commit.submit(() => {
    throw new TorcError('CLOCK_SKEW', 'no')
  })
  const good = commit.submit(insert(1))
  clock.endTurn()
  await t.rejects(refused, { code: 'CLOCK_SKEW' })
  t.equal(await good, 1)
  t.same(rows(), [1])
  t.same(recorder.events, ['before', 'committed'])
})

t.test('a write that breaks is undone and the others are done again', async t => {
  const { clock, commit, insert, recorder, rows } = setup()
  const good = commit.submit(insert(1))
  const broken = commit.submit(() => {
    insert(2)()
    insert(2)()
  })
  const other = commit.submit(insert(3))
  clock.endTurn()
  await t.rejects(broken, { code: 'INTERNAL' })
  await Promise.all([good, other])
  t.same(rows(), [1, 3])
  t.same(recorder.events, ['rolled back', 'before', 'committed', 'rolled back', 'before', 'committed'])
})

t.test('a full disk refuses what does not fit, keeps reading, and goes on when there is room', async t => {
  const { disk, clock, commit, insert, rows } = setup()
  const first = commit.submit(insert(1))
  clock.endTurn()
  await first
  disk.setFreeBytes(0)
  const large = commit.submit(insert(Buffer.alloc(200_000)))
  const small = commit.submit(insert(2))
  clock.endTurn()
  await t.rejects(large, { code: 'DISK_FULL' })
  await small
  t.same(rows(), [1, 2])
  disk.setFreeBytes(Number.POSITIVE_INFINITY)
  const again = commit.submit(insert(Buffer.alloc(200_000)))
  clock.endTurn()
  await again
  t.equal(rows().length, 3)
})

t.test('a batch is bounded, and the rest follows in later turns', async t => {
  const { clock, commit, insert, recorder, rows } = setup()
  const writes = Array.from({ length: 600 }, (_, i) => commit.submit(insert(i)))
  clock.endTurn()
  t.equal(rows().length, 256)
  clock.endTurn()
  clock.endTurn()
  await Promise.all(writes)
  t.equal(rows().length, 600)
  t.equal(recorder.events.length, 6)
})

t.test('closing commits what waits and takes no more', async t => {
  const { commit, insert, rows } = setup()
  const waiting = commit.submit(insert(1))
  commit.close()
  await waiting
  t.same(rows(), [1])
  await t.rejects(commit.submit(insert(2)), { code: 'UNAVAILABLE' })
})

t.test('too many waiting writes are refused', async t => {
  const { clock, commit } = setup()
  const writes = Array.from({ length: 16_384 }, () => commit.submit(() => undefined))
  await t.rejects(
    commit.submit(() => undefined),
    { code: 'OVERLOADED' },
  )
  while (clock.endTurn() > 0);
  await Promise.all(writes)
})

t.test('a crash of the disk fails the writes that were under way', async t => {
  const { disk, clock, commit, insert } = setup()
  const write = commit.submit(insert(1))
  disk.crash()
  clock.endTurn()
  await t.rejects(write, { code: 'INTERNAL' })
  t.same(disk.openDatabase('x.sqlite').prepare('SELECT * FROM t').all(), [])
})
