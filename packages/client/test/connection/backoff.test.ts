import fc from 'fast-check'
import t from 'tap'
import { backoff, backoffMs } from '../../src/connection/backoff.js'

t.test('waits grow, keep half of the span, and stay below the bound', async t => {
  t.equal(backoffMs(1, 0), backoff.firstMs / 2)
  t.equal(backoffMs(2, 0), backoff.firstMs)
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (attempt, fraction) => {
        const wait = backoffMs(attempt, fraction)
        const span = Math.min(backoff.maxMs, backoff.firstMs * 2 ** (attempt - 1))
        return wait >= span / 2 && wait < span
      },
    ),
  )
})
