import t from 'tap'
import { backoffMs } from '../../src/environment/backoff.js'

t.test('doubles up to a bound, with jitter', async t => {
  t.equal(backoffMs(0, 0), 50)
  t.equal(backoffMs(0, 1), 100)
  t.equal(backoffMs(3, 1), 800)
  t.equal(backoffMs(50, 1), 5000)
  t.equal(backoffMs(5000, 0), 2500)
})
