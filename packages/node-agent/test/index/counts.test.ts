import t from 'tap'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { Counts } from '../../src/index/counts.js'
import { GroupCommit } from '../../src/index/group-commit.js'
import { migrateIndex } from '../../src/index/schema.js'
import { ManualClock } from '../support/manual-clock.js'

t.test('counts follow their transactions', async t => {
  const disk = new MemoryDisk()
  const database = disk.openDatabase('x')
  migrateIndex(database, 'x')
  const counts = new Counts(database)
  const clock = new ManualClock()
  const commit = new GroupCommit(database, clock, [counts])
  const good = commit.submit(() => counts.add(1, 2, 3, 2 ** 40))
  clock.endTurn()
  await good
  const expected = { keys: 1, versions: 2, blocks: 3, blockBytes: 2 ** 40 }
  t.same(counts.values, expected)
  const bad = commit.submit(() => {
    counts.add(5, 5, 5, 5)
    throw new Error('undone')
  })
  clock.endTurn()
  await t.rejects(bad)
  t.same(counts.values, expected)
  t.same(new Counts(database).values, expected)
})
