import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { Deadline } from '../../src/connection/deadline.js'
import { ManualClock } from '../doubles/manual-clock.js'

t.test('what comes first counts', async t => {
  const clock = new ManualClock()
  const deadline = new Deadline(clock, 100)
  t.equal(await deadline.wait(Promise.resolve('value')), 'value')
  await t.rejects(deadline.wait(Promise.reject(new Error('failed'))), { message: 'failed' })
  const late = deadline.wait(new Promise(() => {}))
  clock.pass(99)
  t.equal(deadline.remainingMs, 1)
  clock.pass(1)
  await t.rejects(late, { code: 'TIMEOUT', exitCode: 5 })
  t.equal(deadline.remainingMs, 0)
  t.equal(clock.pending, 0, 'no timer is left')
})

t.test('a sleep ends in time, at the deadline, or by the signal', async t => {
  const clock = new ManualClock()
  const controller = new AbortController()
  const slept = new Deadline(clock, 100).sleep(50)
  clock.pass(50)
  await slept
  const cut = new Deadline(clock, 100).sleep(500)
  clock.pass(100)
  await t.rejects(cut, { code: 'TIMEOUT' })
  const aborted = new Deadline(clock, 100, controller.signal).sleep(50)
  controller.abort()
  await t.rejects(aborted, { code: 'CANCELLED' })
  t.equal(clock.pending, 0)
  const reason = AbortSignal.abort(new TorcError('INTERRUPTED', 'stop'))
  await t.rejects(new Deadline(clock, 100, reason).wait(Promise.resolve(1)), { code: 'INTERRUPTED' })
})

t.test('it may have begun earlier', async t => {
  const clock = new ManualClock()
  const started = clock.monotonicMs()
  clock.pass(80)
  t.equal(new Deadline(clock, 100, undefined, started).remainingMs, 20)
})
