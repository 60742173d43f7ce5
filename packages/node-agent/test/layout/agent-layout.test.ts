import { decodeEpoch, encodeEpoch, epochHash } from '@torc/cluster/ring/epoch'
import { systemHasher } from '@torc/protocol/environment/system'
import t from 'tap'
import type { SqlDatabase } from '../../src/disk/disk.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { GroupCommit } from '../../src/index/group-commit.js'
import { migrateIndex } from '../../src/index/schema.js'
import { AgentLayout } from '../../src/layout/agent-layout.js'
import { firstEpoch } from '../support/agent-harness.js'
import { ManualClock } from '../support/manual-clock.js'

const nodeId = 'a-00000000'
const first = firstEpoch([nodeId, 'b-00000000'], 1)

function successor(of: Uint8Array, change: object = {}): Uint8Array {
  const epoch = decodeEpoch(of)
  return encodeEpoch({
    ...epoch,
    number: epoch.number + 1,
    parentHash: epochHash(systemHasher, epoch),
    ...change,
  })
}

function open(database: SqlDatabase) {
  const layout = new AgentLayout(database, nodeId, systemHasher)
  const clock = new ManualClock()
  const commit = new GroupCommit(database, clock, [layout])
  const store = (...records: Uint8Array[]): Promise<PromiseSettledResult<void>[]> => {
    const all = records.map(record => commit.submit(() => layout.store({ record })))
    clock.endTurn()
    return Promise.allSettled(all)
  }
  return { layout, store }
}

function opened() {
  const database = new MemoryDisk().openDatabase('x')
  migrateIndex(database, 'memory')
  return { database, ...open(database) }
}

const partitionsOf = (record: Uint8Array): number =>
  decodeEpoch(record).table.rows.filter(row => row.includes(nodeId)).length

const codeOf = (result: PromiseSettledResult<void> | undefined): unknown =>
  result?.status === 'rejected' ? result.reason.code : 'stored'

t.test('before the first layout nothing is served', async t => {
  const { layout } = opened()
  t.equal(layout.number, 0)
  t.equal(layout.record, undefined)
  t.throws(() => layout.checkEpoch(0, 3), { code: 'NO_LAYOUT' })
  t.throws(() => layout.partitions, { code: 'NO_LAYOUT' })
  t.throws(() => layout.checkMember(), { code: 'NOT_OWNER' })
})

t.test('an epoch is in force once it is durable, and after a restart', async t => {
  const { database, layout, store } = opened()
  t.equal(codeOf((await store(first))[0]), 'stored')
  for (const one of [layout, open(database).layout]) {
    t.equal(one.number, 1)
    t.equal(one.partitions, 16)
    t.same(Buffer.from(one.record ?? ''), Buffer.from(first))
    one.checkEpoch(1, 3)
    one.checkMember()
    const { rows } = decodeEpoch(first).table
    for (const [partition, row] of rows.entries()) {
      if (row.includes(nodeId)) one.checkOwner(partition)
      else t.throws(() => one.checkOwner(partition), { code: 'NOT_OWNER' })
    }
    t.throws(() => one.checkOwner(99), { code: 'NOT_OWNER' })
    t.throws(() => one.checkEpoch(0, 3), { code: 'STALE_EPOCH' })
    t.throws(() => one.checkEpoch(2, 3), { code: 'STALE_EPOCH' })
  }
})

t.test('a number is written once; only its successor follows', async t => {
  const { layout, store } = opened()
  await store(first)
  const other = firstEpoch([nodeId])
  const next = successor(first)
  const results = await store(
    first,
    other,
    successor(other),
    successor(next),
    Buffer.from('nonsense'),
    next,
    next,
    successor(first, { lineage: 'another' }),
    first,
  )
  t.same(results.map(codeOf), [
    'stored',
    'CONFLICT',
    'CONFLICT',
    'CONFLICT',
    'BAD_REQUEST',
    'stored',
    'stored',
    'CONFLICT',
    'STALE_EPOCH',
  ])
  t.equal(layout.number, 2)
})

t.test('an epoch of a transaction that is undone is forgotten', async t => {
  const { database, layout } = opened()
  const clock = new ManualClock()
  const commit = new GroupCommit(database, clock, [layout])
  const undone = commit.submit(() => {
    layout.store({ record: first })
    throw new Error('undone')
  })
  clock.endTurn()
  await t.rejects(undone)
  t.equal(layout.number, 0)
})

t.test('an agent whose disk is an old copy takes no part until a later layout takes it in anew', async t => {
  const disk = new MemoryDisk()
  const database = disk.openDatabase('x')
  migrateIndex(database, 'memory')
  const { layout, store } = open(database)
  await store(first)
  t.same(layout.agents, [nodeId, 'b-00000000'])
  const clock = new ManualClock()
  const commit = new GroupCommit(database, clock, [layout])
  let changes = 0
  layout.watch(() => changes++)
  const undone = commit.submit(() => {
    layout.leave(1, 'undone')
    throw new Error('undone')
  })
  clock.endTurn()
  await t.rejects(undone)
  t.equal(layout.restored, undefined)
  // Somebody knows layout 2 already: it is older than the note.
  const left = commit.submit(() => layout.leave(2, 'why'))
  clock.endTurn()
  await left
  t.equal(changes, 1)
  const second = successor(first)
  const refused = (one: typeof layout) => {
    t.equal(one.restored, 'why')
    for (const check of [
      () => one.checkEpoch(one.number, 3),
      () => one.checkOwner(0),
      () => one.checkMember(),
      () => one.checkTakesPart(),
    ])
      t.throws(check, { code: 'UNAVAILABLE', message: /old copy/ })
  }
  refused(layout)
  refused(open(database).layout)
  await store(second)
  refused(layout)
  t.equal(changes, 2)
  const partitions = decodeEpoch(second).table.rows.length
  const rows = Array.from({ length: partitions }, () => ['b-00000000'])
  const without = successor(second, { table: { ...decodeEpoch(second).table, rows } })
  await store(without)
  refused(layout)
  const again = successor(without, { table: decodeEpoch(first).table })
  await store(again)
  refused(layout)
  const terms = { absentMax: 1, lost: [], fresh: [nodeId] }
  await store(successor(again, { terms }))
  refused(layout)
  t.equal(layout.mustForget, true)
  t.equal(open(database).layout.mustForget, true)
  const rejoined = commit.submit(() => layout.rejoin())
  clock.endTurn()
  await rejoined
  t.equal(layout.restored, undefined)
  layout.checkEpoch(5, 3)
  t.equal(layout.unsynced.size, partitionsOf(first), 'what it owns it takes over anew')
  layout.checkMember()
  t.equal(open(database).layout.restored, undefined)
})
