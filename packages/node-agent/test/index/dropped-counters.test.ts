import { makeActorId } from '@torc/cluster/clocks/dot'
import t from 'tap'
import { DroppedCounters } from '../../src/index/dropped-counters.js'
import { seededRandom } from '../support/seeded-random.js'
import { IndexFixture, keyName } from './index-fixture.js'

t.test('what was dropped of a partition is below every later dot of it', async t => {
  const fixture = new IndexFixture(1)
  const first = fixture.mint(0, {}).version
  fixture.transaction(() => fixture.dropped.raise(keyName(1).partition, first.dot.actor, first.dot.counter))
  const second = fixture.mint(1, {}).version
  t.equal(second.after, first.dot.counter, 'a key that is new here')
  t.equal(fixture.mint(2, {}).version.after, 0, 'another partition')
  fixture.reopen(true)
  fixture.transaction(() => fixture.dropped.raise(keyName(1).partition, first.dot.actor, 0))
  t.equal(fixture.dropped.of(keyName(1).partition, first.dot.actor), first.dot.counter, 'it never falls')
  t.equal(fixture.dropped.of(keyName(1).partition, makeActorId(seededRandom(5))), 0, 'another actor')
  t.equal(new DroppedCounters(fixture.database).of(keyName(1).partition, first.dot.actor), first.dot.counter)
  fixture.close()
})

t.test('what a transaction that was undone raised is written when it is done again', async t => {
  const fixture = new IndexFixture(1)
  const { actor } = fixture.mint(0, {}).version.dot
  t.throws(() =>
    fixture.transaction(() => {
      fixture.dropped.raise(3, actor, 9)
      throw new Error('undone')
    }),
  )
  fixture.transaction(() => fixture.dropped.raise(3, actor, 9))
  t.equal(new DroppedCounters(fixture.database).of(3, actor), 9)
  fixture.close()
})
