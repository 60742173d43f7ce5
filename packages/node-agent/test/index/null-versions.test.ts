import t from 'tap'
import { IndexFixture, keyName } from './index-fixture.js'

t.test('null versions are found again after a restart, and replaced', async t => {
  const fixture = new IndexFixture(7)
  t.teardown(() => fixture.close())
  const body = Buffer.from('x')
  const held = (): number[] => {
    const { bucketId, key } = keyName(1)
    const known = fixture.index.find(bucketId, key)
    return known === undefined ? [] : [known.summary.versionCount, known.summary.nulls.length]
  }
  fixture.mint(1, { body })
  const first = fixture.mint(1, { body, isNull: true })
  fixture.mint(1, { body })
  t.strictSame(held(), [3, 1])
  for (const crash of [false, true]) {
    fixture.reopen(crash)
    t.strictSame(held(), [3, 1])
    fixture.mint(1, { body, isNull: true })
    t.strictSame(held(), [3, 1])
  }
  const { bucketId, key } = keyName(1)
  const known = fixture.index.find(bucketId, key)
  t.match(known === undefined ? [] : fixture.index.removals.of(known.id), [
    { how: 'pruned' },
    { how: 'pruned' },
  ])
  // What another owner holds, and this one does not, goes with the delta all the same.
  const told = { actor: first.version.dot.actor, counter: first.version.dot.counter }
  const again = fixture.mint(2, { body, isNull: true, nulls: [told], cover: first.summary.closed })
  t.equal(again.summary.versionCount, 1)
  fixture.checkCountsAnew()
})
