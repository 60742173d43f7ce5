import t from 'tap'
import { TailWaits } from '../../src/feed/tail-waits.js'
import { IndexFixture } from '../index/index-fixture.js'
import { VirtualTime } from '../support/virtual-time.js'

t.test('held until the log has grown, the time is over, or nobody waits', async t => {
  const fixture = new IndexFixture(1)
  t.teardown(() => fixture.close())
  const time = new VirtualTime()
  const waits = new TailWaits(fixture.changes, time)
  const { signal } = new AbortController()
  const over: string[] = []
  const wait = (name: string, after: number, signalled = signal) =>
    waits.beyond(after, 1000, signalled).then(() => over.push(name))
  const controller = new AbortController()
  const grows = wait('grows', 0)
  const passes = wait('passes', 9)
  const aborted = wait('aborted', 9, controller.signal)
  controller.abort()
  await aborted
  fixture.mint(0, {})
  await grows
  await wait('at once', 0)
  t.strictSame(over, ['aborted', 'grows', 'at once'])
  await time.advance(1000)
  await passes
  const closed = wait('closed', 9)
  waits.close()
  await closed
  await wait('refused', 9)
  t.strictSame(over.slice(3), ['passes', 'closed', 'refused'])
})
