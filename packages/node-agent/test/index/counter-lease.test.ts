import { contextOfDot } from '@torc/cluster/clocks/causal-context'
import t from 'tap'
import { IndexFixture } from './index-fixture.js'

t.test('counters rise by one, and a restart goes on above the lease', async t => {
  const fixture = new IndexFixture(1)
  const counters = [0, 1, 2].map(() => fixture.mint(0, {}).version.dot.counter)
  t.same(counters, [1, 2, 3])
  const { actor } = fixture.lease
  for (const crash of [true, false]) {
    fixture.reopen(crash)
    t.equal(fixture.lease.actor, actor)
    const { counter } = fixture.mint(0, {}).version.dot
    t.ok(counter > (counters.at(-1) ?? 0))
    counters.push(counter)
  }
  fixture.close()
})

t.test('the lease is on the disk before its first counter can be seen', async t => {
  const fixture = new IndexFixture(1)
  for (let i = 0; i < 70_000; i += 10_000) {
    fixture.transaction(() => {
      for (let n = 0; n < 10_000; n++) fixture.lease.next()
    })
    const last = fixture.transaction(() => fixture.lease.next())
    const end = fixture.database.prepare('SELECT max(lease_end) FROM actors').pluck().get()
    t.ok(Number(end) >= last)
  }
  fixture.close()
})

t.test('a transaction that is undone takes its lease back and its counters with it', async t => {
  const fixture = new IndexFixture(1)
  t.throws(() =>
    fixture.transaction(() => {
      fixture.lease.next()
      throw new Error('undone')
    }),
  )
  t.equal(fixture.database.prepare('SELECT count(*) FROM actors').pluck().get(), 0)
  const { counter } = fixture.mint(0, {}).version.dot
  t.equal(counter, 2, 'the first one is never used')
  t.equal(fixture.database.prepare('SELECT count(*) FROM actors').pluck().get(), 1)
  fixture.close()
})

t.test('an old copy of a disk is noticed by what others have seen, and goes on as a new actor', async t => {
  const fixture = new IndexFixture(1)
  fixture.mint(0, {})
  const { actor } = fixture.lease
  const later = { actor, counter: 1_000_000 }
  const minted = fixture.mint(0, { cover: contextOfDot(later, 0) })
  t.not(fixture.lease.actor, actor)
  t.match(minted.version, { dot: { actor: fixture.lease.actor, counter: 1 }, after: 0 })
  fixture.reopen(true)
  t.equal(fixture.lease.actor, minted.version.dot.actor, 'also after a restart')
  fixture.close()
})
