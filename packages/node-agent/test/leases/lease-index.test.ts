import t from 'tap'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { migrateIndex } from '../../src/index/schema.js'
import { LeaseIndex } from '../../src/leases/lease-index.js'
import type { Operation } from '../../src/leases/operation.js'
import { ManualClock } from '../support/manual-clock.js'

const operation = (n: number, key = 'key') => ({
  opId: new Uint8Array(16).fill(n),
  bucketId: new Uint8Array(16).fill(7),
  key: Buffer.from(key),
})

function operationText({ bucketId, key, opId }: Operation): string {
  return [bucketId, key, opId].map(bytes => Buffer.from(bytes).toString('hex')).join('/')
}

function open() {
  const database = new MemoryDisk().openDatabase('x')
  migrateIndex(database, 'memory')
  const clock = new ManualClock()
  const leases = new LeaseIndex(database, clock, 1000)
  for (let n = 1; n <= 3; n++)
    database.prepare('INSERT INTO blocks (hash, size) VALUES (?, 1)').run(new Uint8Array(32).fill(n))
  const unreferenced = (): number[] =>
    database.prepare('SELECT id FROM blocks WHERE unreferenced_at != 0').pluck().all() as number[]
  return { database, clock, leases, unreferenced }
}

t.test('an operation has one lease, however many blocks it holds', async t => {
  const { leases, clock } = open()
  for (const id of [1, 2, 1]) leases.refer(id, operation(1))
  leases.refer(2, operation(1, 'another key'))
  t.equal(leases.referencesOf(1).length, 1)
  t.equal(leases.referencesOf(2).length, 2)
  t.same(leases.due(10), [])
  clock.advance(1000)
  t.equal(leases.due(10).length, 2)
  t.equal(leases.due(1).length, 1)
})

t.test('a long upload puts its first audit off', async t => {
  const { leases, clock } = open()
  leases.refer(1, operation(1))
  clock.advance(900)
  leases.refer(2, operation(1))
  clock.advance(900)
  t.same(leases.due(10), [])
  clock.advance(100)
  t.equal(leases.due(10).length, 1)
})

t.test(
  'only a lease that is condemned drops, and only blocks that nobody else holds lose their last',
  async t => {
    const { leases, unreferenced } = open()
    for (const id of [1, 2]) leases.refer(id, operation(1))
    leases.refer(2, operation(2))
    leases.release(operation(1))
    const due = leases.due(10)
    const [lease] = due
    if (lease === undefined) throw new Error('nothing is due')
    t.equal(leases.drop(lease), false, 'not condemned')
    leases.condemn(due)
    leases.lift(lease, 0)
    t.equal(leases.drop(lease), false, 'lifted')
    leases.condemn(due)
    t.equal(leases.drop(lease), true)
    t.same(unreferenced(), [1])
    t.same(leases.referencesOf(2).map(operationText), [operationText(operation(2))])
    t.equal(leases.isReferenced(1), false)
    leases.refer(1, operation(3))
    t.same(unreferenced(), [])
  },
)

t.test('a lease from before keys were noted gets its key from a new reference', async t => {
  const { leases, database } = open()
  const { opId, bucketId, key } = operation(1)
  database
    .prepare('INSERT INTO leases (op_id, bucket, key, state, due_at) VALUES (?, ?, ?, 0, ?)')
    .run(opId, bucketId, new Uint8Array(0), Number.MAX_SAFE_INTEGER)
  leases.refer(1, operation(1))
  t.equal(database.prepare('SELECT count(*) FROM leases').pluck().get(), 1)
  t.same(leases.referencesOf(1).map(operationText), [operationText({ opId, bucketId, key })])
})

t.test('nothing that is unknown is released', async t => {
  const { leases } = open()
  leases.release(operation(9))
  t.same(leases.due(10), [])
})
