import { contextOfDot } from '@torc/cluster/clocks/causal-context'
import type { ActorId } from '@torc/cluster/clocks/dot'
import t from 'tap'
import type { SqlDatabase } from '../../src/disk/disk.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { CounterLease, leaseCounters } from '../../src/index/counter-lease.js'
import { migrateIndex } from '../../src/index/schema.js'
import { seededRandom } from '../support/seeded-random.js'
import { IndexFixture } from './index-fixture.js'

function transaction<T>(database: SqlDatabase, lease: CounterLease, run: () => T): T {
  database.exec('BEGIN')
  try {
    const result = run()
    lease.beforeCommit()
    database.exec('COMMIT')
    lease.committed()
    return result
  } catch (thrown) {
    database.exec('ROLLBACK')
    lease.rolledBack()
    throw thrown
  }
}

function opened(database = new MemoryDisk().openDatabase('x'), seed = 1) {
  migrateIndex(database, 'memory')
  const lease = new CounterLease(database, seededRandom(seed))
  const propose = () => transaction(database, lease, () => lease.propose())
  return { database, lease, propose }
}

const take = (lease: CounterLease, count: number): void => {
  for (let n = 0; n < count; n++) lease.next()
}

t.test('counters rise by one, and a restart goes on above the lease', async t => {
  const fixture = new IndexFixture(1)
  const dots = [0, 1, 2].map(() => fixture.mint(0, {}).version.dot)
  t.same(
    dots.map(({ counter }) => counter),
    [1, 2, 3],
  )
  for (const crash of [true, false]) {
    fixture.reopen(crash)
    const { dot } = fixture.mint(0, {}).version
    t.equal(dot.actor, dots[0]?.actor)
    t.ok(dot.counter > (dots.at(-1)?.counter ?? 0))
    dots.push(dot)
  }
  fixture.close()
})

t.test('a new actor is temporary until a majority has stored its lease, and goes on then', async t => {
  const { lease, propose, database } = opened()
  const { actor } = lease.next()
  t.equal(lease.hasLasting, false)
  t.same(lease.ends(), [])
  t.same(lease.actors(), [actor])
  const proposed = propose()
  t.same(proposed, { actor, leaseEnd: 1 + leaseCounters })
  t.same(lease.unsettled(), proposed, 'it is told to others until enough have it')
  t.equal(lease.hasLasting, false)
  lease.grant(proposed)
  t.equal(lease.unsettled(), undefined)
  t.same(lease.next(), { actor, counter: 2 })
  t.same(opened(database, 2).lease.ends(), [proposed])
})

t.test('without a grant nothing beyond the lease is used: a temporary actor steps in', async t => {
  const { lease, propose, database } = opened()
  lease.grant(propose())
  const { actor } = lease.next()
  take(lease, leaseCounters - 1)
  const other = lease.next()
  t.not(other.actor, actor)
  t.equal(other.counter, 1)
  t.same(lease.ends(), [{ actor, leaseEnd: leaseCounters }], 'it is on no disk')
  const proposed = propose()
  t.same(proposed, { actor, leaseEnd: 2 * leaseCounters })
  t.equal(lease.next().actor, other.actor, 'stored here alone is not enough')
  lease.grant(proposed)
  t.same(lease.next(), { actor, counter: leaseCounters + 1 })
  const again = opened(database, 3).lease
  t.equal(again.hasLasting, true)
  t.not(again.next().actor, actor, 'after a restart a lease has to be granted first')
})

t.test('a temporary actor whose lease is on the own disk ends with that lease', async t => {
  const { lease, propose } = opened()
  const { actor } = lease.next()
  propose()
  take(lease, leaseCounters)
  t.not(lease.next().actor, actor, 'a later process counts from the end of it')
})

t.test('it says when it runs low, once', async t => {
  const { lease, propose } = opened()
  let told = 0
  lease.watch(() => told++)
  t.equal(lease.low, true)
  lease.grant(propose())
  t.equal(lease.low, false)
  take(lease, leaseCounters / 2)
  t.equal(told, 0)
  lease.next()
  t.equal(told, 1)
  t.equal(lease.low, true)
  lease.grant(propose())
  t.equal(lease.low, false)
  take(lease, 100)
  t.equal(told, 1)
})

t.test('a transaction that is undone takes its lease back and its counters with it', async t => {
  const fixture = new IndexFixture(1)
  const before = fixture.lease.ends()
  t.throws(() =>
    fixture.transaction(() => {
      fixture.lease.next()
      fixture.lease.propose()
      throw new Error('undone')
    }),
  )
  t.same(fixture.lease.ends(), before)
  t.equal(fixture.lease.unsettled(), undefined, 'nobody is told of it')
  t.equal(fixture.mint(0, {}).version.dot.counter, 2, 'the first one is never used')
  fixture.close()
})

t.test('an old copy of a disk is noticed by what others have seen, and goes on as a new actor', async t => {
  const fixture = new IndexFixture(1)
  const { actor } = fixture.mint(0, {}).version.dot
  const later = { actor, counter: 1_000_000 }
  const minted = fixture.mint(0, { cover: contextOfDot(later, 0) })
  t.not(minted.version.dot.actor, actor)
  t.match(minted.version, { dot: { counter: 1 }, after: 0 })
  for (const crash of [true, false]) {
    fixture.reopen(crash)
    t.not(fixture.mint(0, {}).version.dot.actor, actor, 'also after a restart')
  }
  fixture.close()
})

t.test('retired actors are never used again, and no end of them is higher elsewhere', async t => {
  const { lease, propose, database } = opened()
  lease.grant(propose())
  const { actor } = lease.next()
  const unknown = { actor: '00000000000000aa' as ActorId, leaseEnd: 7 }
  transaction(database, lease, () => lease.retireAll([unknown]))
  t.equal(lease.hasLasting, false)
  const fresh = lease.next()
  t.notOk([actor, unknown.actor].includes(fresh.actor))
  const again = opened(database, 4).lease
  t.equal(again.hasLasting, false)
  t.same(new Set(again.ends().map(end => end.actor)), new Set([actor, unknown.actor]))
  t.ok(again.ends().every(({ leaseEnd }) => leaseEnd === Number.MAX_SAFE_INTEGER))
})
