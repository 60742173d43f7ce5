import { contextOfDot, emptyContext } from '@torc/cluster/clocks/causal-context'
import { systemHasher } from '@torc/protocol/environment/system'
import t from 'tap'
import { BlockIndex } from '../../src/blocks/block-index.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { Counts } from '../../src/index/counts.js'
import { GroupCommit } from '../../src/index/group-commit.js'
import { migrations } from '../../src/index/migrations.js'
import { migrateIndex } from '../../src/index/schema.js'
import { LeaseIndex } from '../../src/leases/lease-index.js'
import type { Operation } from '../../src/leases/operation.js'
import { AgentTrees } from '../../src/trees/agent-trees.js'
import { IndexFixture, keyName, treeShape } from '../index/index-fixture.js'
import { ManualClock } from '../support/manual-clock.js'
import { seededRandom } from '../support/seeded-random.js'
import { treeProblems } from './tree-oracle.js'

const bucketId = keyName(0).bucketId
const hashOf = (n: number): Uint8Array => systemHasher.sha256(Buffer.from(`block ${n}`))
const operation = (n: number, key = `key-${n}`): Operation => ({
  opId: new Uint8Array(16).fill(n),
  bucketId,
  key: Buffer.from(key),
})

/** Blocks and leases on a disk that may have an earlier life behind it. */
function blocksOn(disk: MemoryDisk) {
  const database = disk.openDatabase('index.sqlite')
  migrateIndex(database, 'memory')
  const clock = new ManualClock()
  const counts = new Counts(database)
  const trees = new AgentTrees(database, systemHasher, () => treeShape)
  const leases = new LeaseIndex(database, clock, 1000, trees)
  const index = new BlockIndex(database, counts, leases)
  const commit = new GroupCommit(database, clock, [counts, trees])
  const write = async <T>(run: () => T): Promise<T> => {
    const done = commit.submit(run)
    clock.endTurn()
    return await done
  }
  const problems = (): string[] => treeProblems(database, trees, treeShape)
  return { database, clock, leases, index, trees, write, problems }
}

t.test('references come and go, transactions fail, processes end: the tree is that of the rows', async t => {
  const random = seededRandom(5)
  const disk = new MemoryDisk()
  let agent = blocksOn(disk)
  for (let round = 0; round < 400; round++) {
    const n = Math.floor(random.fraction() * 6)
    const what = random.fraction()
    const fails = random.fraction() < 0.2
    const done = agent.write(() => {
      if (what < 0.7) agent.index.add(hashOf(n), 100, operation(Math.floor(random.fraction() * 8)))
      else {
        const due = agent.leases.due(2)
        agent.leases.condemn(due)
        for (const lease of due) agent.leases.drop(lease)
      }
      if (fails) throw new Error('the disk says no')
    })
    await done.catch(() => undefined)
    if (round % 5 === 0) agent.clock.advance(400)
    if (round % 60 === 59) {
      if (round % 120 === 59) disk.crash()
      else await disk.close()
      agent = blocksOn(disk)
    }
    t.same(agent.problems(), [])
  }
})

t.test('a lease of before keys were noted gets its entries with its key', async t => {
  const agent = blocksOn(new MemoryDisk())
  await agent.write(() => {
    agent.index.add(hashOf(1), 100, operation(1, ''))
    agent.index.add(hashOf(2), 100, operation(1, ''))
  })
  const before = agent.trees.root('blocks', 0, 0)
  t.same(agent.problems(), [])
  await agent.write(() => agent.index.refer(hashOf(1), operation(1)))
  t.same(agent.problems(), [])
  const roots = Array.from({ length: 4 }, (_, partition) => agent.trees.root('blocks', partition, 0))
  t.ok(roots.some(root => Buffer.compare(root ?? new Uint8Array(), before ?? new Uint8Array()) !== 0))
})

t.test('an index of before trees gets its positions and its trees', async t => {
  const disk = new MemoryDisk()
  const database = disk.openDatabase('index.sqlite')
  const before = migrations.length - 1
  database.exec(`BEGIN; ${migrations.slice(0, before).join('')} PRAGMA user_version = ${before}; COMMIT`)
  const made = new IndexFixture(1)
  for (let key = 0; key < 30; key++) made.mint(key, { body: Buffer.from('x') })
  const insert = database.prepare('INSERT INTO keys (bucket, key, partition, summary) VALUES (?, ?, ?, ?)')
  for (const row of made.database.prepare('SELECT bucket, key, partition, summary FROM keys').raw().all())
    insert.run(...(row as unknown[]))
  await disk.close()
  const fixture = new IndexFixture(2, disk)
  fixture.checkTrees()
  t.equal(fixture.database.prepare('SELECT count(*) FROM keys WHERE position IS NULL').pluck().get(), 0)
  for (let partition = 0; partition < treeShape.partitions; partition++)
    t.same(fixture.trees.root('keys', partition, 2), made.trees.root('keys', partition, 2))
  fixture.mint(3, { body: Buffer.from('y') })
  fixture.checkTrees()
  fixture.reopen(true)
  fixture.checkTrees()
})

t.test('the last key is dropped with its row', async t => {
  const fixture = new IndexFixture(1)
  const { summary } = fixture.mint(1, {})
  const { key } = keyName(1)
  fixture.transaction(() => {
    fixture.database.prepare('DELETE FROM keys').run()
    fixture.trees.keyDropped({ bucketId, key }, summary.digest)
  })
  fixture.checkTrees()
  t.same(fixture.trees.leaves('keys', 0, 0), new Uint8Array(1024))
})

t.test('another number of partitions, or of replicas, makes other trees of the same rows', async t => {
  const fixture = new IndexFixture(1)
  for (let key = 0; key < 20; key++) fixture.mint(key, {})
  let shape: typeof treeShape | undefined
  const trees = new AgentTrees(fixture.database, systemHasher, () => shape)
  t.equal(trees.root('keys', 0, 0), undefined, 'no layout, no trees')
  for (const partitions of [1, 16, 65_536]) {
    shape = { partitions, replicas: 3 }
    if (partitions < 100) t.same(treeProblems(fixture.database, trees, shape), [])
    else t.equal(trees.leaves('keys', 65_535, 0)?.length, 1024)
  }
  t.end()
})

t.test('a bucket of two replicas is no affair of third owners', async t => {
  const fixture = new IndexFixture(1)
  const narrow = (): number => 2
  const partitions = Array.from({ length: treeShape.partitions }, (_, partition) => partition)
  for (let key = 0; key < 10; key++) fixture.mint(key, {})
  t.equal(fixture.trees.replicasOf(bucketId), undefined)
  t.throws(
    () =>
      fixture.transaction(() => {
        fixture.trees.noteReplicas(bucketId, 2)
        throw new Error('undone')
      }),
    /undone/,
  )
  t.equal(fixture.trees.replicasOf(bucketId), undefined)
  fixture.checkTrees()
  // Said for the first time of keys that are here.
  fixture.transaction(() => fixture.trees.noteReplicas(bucketId, 2))
  t.same(treeProblems(fixture.database, fixture.trees, treeShape, narrow), [])
  t.same(
    partitions.map(partition => fixture.trees.leaves('keys', partition, 2)),
    partitions.map(() => new Uint8Array(1024)),
  )
  const { version, delta } = fixture.mint(1, {})
  fixture.merge(1, contextOfDot(version.dot, version.after))
  fixture.merge(2, delta, undefined, [])
  fixture.merge(3, emptyContext)
  fixture.reopen(true)
  t.equal(fixture.trees.replicasOf(bucketId), 2)
  t.same(treeProblems(fixture.database, fixture.trees, treeShape, narrow), [])
})

t.test('leaves are written after many changes, and the log of them begins anew', async t => {
  const fixture = new IndexFixture(1)
  const logged = (): number =>
    Number(
      fixture.database
        .prepare('SELECT coalesce(sum(length(leaves)) / 20, 0) FROM tree_changes')
        .pluck()
        .get(),
    )
  let most = 0
  let folds = 0
  for (let n = 0; n < 9_000; n++) {
    const before = logged()
    fixture.mint(n % 300, {})
    most = Math.max(most, logged())
    if (logged() < before) folds++
    if (n % 1_000 === 999) {
      t.throws(() =>
        fixture.transaction(() => {
          fixture.trees.keyDropped(keyName(1), new Uint8Array(16).fill(1))
          throw new Error('undone')
        }),
      )
      fixture.reopen(n % 2_000 === 999)
      fixture.checkTrees()
    }
  }
  t.ok(most <= 4_097, `${most} entries at most`)
  t.equal(folds, 2)
})
