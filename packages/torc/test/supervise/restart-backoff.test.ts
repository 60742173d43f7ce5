import t from 'tap'
import { delayMsMax, RestartBackoff, steadyMs } from '../../src/supervise/restart-backoff.js'

t.test('delays double up to their maximum while a process keeps failing', async t => {
  const backoff = new RestartBackoff()
  t.strictSame(
    Array.from({ length: 9 }, () => backoff.nextDelayMs(50)),
    [100, 200, 400, 800, 1600, 3200, 6400, delayMsMax, delayMsMax],
  )
})

t.test('a process that ran steadily is started at once', async t => {
  const backoff = new RestartBackoff()
  backoff.nextDelayMs(0)
  backoff.nextDelayMs(steadyMs - 1)
  t.equal(backoff.nextDelayMs(steadyMs), 100)
  t.equal(backoff.nextDelayMs(0), 200)
})
