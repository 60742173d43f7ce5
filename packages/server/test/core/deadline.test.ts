import t from 'tap'
import { Deadline } from '../../src/core/deadline.js'
import { ManualClock } from '../fakes/fake-environment.js'

t.test('leaves each attempt what is left', async t => {
  const clock = new ManualClock()
  const deadline = new Deadline(clock, 1000)
  t.equal(deadline.attempt(300), 300)
  clock.advance(900)
  t.equal(deadline.attempt(300), 100)
  clock.advance(100)
  t.throws(() => deadline.attempt(300), { code: 'TIMEOUT' })
  t.equal(deadline.remainingMs, 0)
})

t.test('the usual one, and a caller that gave up', async t => {
  const clock = new ManualClock()
  t.equal(new Deadline(clock, undefined).remainingMs, 30_000)
  t.throws(() => new Deadline(clock, 10, AbortSignal.abort()).attempt(1), { code: 'CANCELLED' })
})
