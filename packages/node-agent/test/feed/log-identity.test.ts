import t, { type Test } from 'tap'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { LogIdentity } from '../../src/feed/log-identity.js'
import { GroupCommit } from '../../src/index/group-commit.js'
import { migrateIndex } from '../../src/index/schema.js'

import { seededRandom } from '../support/seeded-random.js'
import { VirtualTime } from '../support/virtual-time.js'

function opened(t: Test, seed = 1) {
  const database = new MemoryDisk().openDatabase('index.sqlite')
  migrateIndex(database, 'memory')
  const identity = new LogIdentity(database, seededRandom(seed))
  const listener = {
    beforeCommit() {},
    committed: () => identity.committed(),
    rolledBack: () => identity.rolledBack(),
  }
  const commit = new GroupCommit(database, new VirtualTime(), [listener])
  t.teardown(() => database.close())
  return { database, identity, commit }
}

t.test('made once, when it is asked for, and kept', async t => {
  const { database, identity, commit } = opened(t)
  t.equal(database.prepare('SELECT count(*) FROM change_log').pluck().get(), 0)
  const [a, b] = await Promise.all([identity.get(commit), identity.get(commit)])
  t.equal(a.length, 16)
  t.same(a, b)
  t.same(await new LogIdentity(database, seededRandom(2)).get(commit), a, 'also by the next process')
})

t.test('renewed with the transaction, and not where that is undone', async t => {
  const { identity, commit } = opened(t)
  const before = await identity.get(commit)
  await t.rejects(
    commit.submit(() => {
      identity.renew()
      throw new Error('undone')
    }),
  )
  t.same(await identity.get(commit), before)
  await commit.submit(() => identity.renew())
  const after = await identity.get(commit)
  t.notSame(after, before)
  t.same(await identity.get(commit), after)
})
