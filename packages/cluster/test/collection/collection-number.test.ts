import t from 'tap'
import { nextCollectionNumber } from '../../src/collection/collection-number.js'

t.test('a number is above all before it and of one collector alone', async t => {
  for (const highest of [0, 1, 63, 64, 65, 1_000_000]) {
    const next = Array.from({ length: 64 }, (_, place) => nextCollectionNumber(highest, place))
    t.ok(next.every(number => number > highest))
    t.equal(new Set(next).size, 64)
  }
  // Whatever each of two has heard of, they never meet.
  const [one, other] = [0, 1].map(place =>
    Array.from({ length: 500 }, (_, highest) => nextCollectionNumber(highest, place)),
  )
  t.notOk(one?.some(number => other?.includes(number)))
})

t.test('it stays within what a ballot holds', async t => {
  t.throws(() => nextCollectionNumber(0xffff_ffff, 0), { code: 'INTERNAL' })
  t.throws(() => nextCollectionNumber(0, 64), { code: 'INTERNAL' })
  t.throws(() => nextCollectionNumber(0, -1), { code: 'INTERNAL' })
})
