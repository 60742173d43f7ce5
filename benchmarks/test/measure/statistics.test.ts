import t from 'tap'
import { median, spread } from '../../src/measure/statistics.js'

t.test('median', async t => {
  t.equal(median([3]), 3)
  t.equal(median([9, 1, 5]), 5)
  t.equal(median([4, 1, 3, 2]), 2.5)
  t.equal(median([10, 9, 8]), 9, 'sorted as numbers, not as text')
  t.ok(Number.isNaN(median([])))
})

t.test('spread is relative to the median', async t => {
  t.equal(spread([10, 10]), 0)
  t.equal(spread([8, 10, 12]), 0.4)
  t.equal(spread([]), 0)
})
