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
  const expected = {
    ...{ keys: 1, versions: 2, bodyBytes: 2 ** 41, inlineBytes: 5 },
    ...{ blocks: 3, blockBytes: 2 ** 40, storedBytes: 2 ** 39 },
  }
  const good = commit.submit(() => counts.add(expected))
  clock.endTurn()
  await good
  t.same(counts.values, expected)
  const bad = commit.submit(() => {
    counts.add({ keys: 5, storedBytes: 5 })
    throw new Error('undone')
  })
  clock.endTurn()
  await t.rejects(bad)
  t.same(counts.values, expected)
  t.same(new Counts(database).values, expected)
})
