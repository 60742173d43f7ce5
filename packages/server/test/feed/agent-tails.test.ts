import t from 'tap'
import { AgentTails } from '../../src/feed/agent-tails.js'
import { fakeEnvironment } from '../fakes/fake-environment.js'
import { FakeLogs } from '../fakes/fake-logs.js'

const bucketId = new Uint8Array(16).fill(7)
const otherBucket = new Uint8Array(16).fill(8)

function setUp(ids = ['a']) {
  const logs = new FakeLogs(ids)
  const environment = fakeEnvironment()
  const tails = new AgentTails(logs, environment)
  /** Adds somebody who stands at these positions. */
  const wait = (positions: Record<string, number>, agents = ids) => {
    const waiter = { woken: 0, leave: () => {} }
    const places = new Map(
      Object.entries(positions).map(([id, position]) => [id, { logId: logs.log(id).logId, position }]),
    )
    waiter.leave = tails.add({ bucketId, agents, places, wake: () => void waiter.woken++ })
    return waiter
  }
  const note = (id: string, bucket = bucketId) =>
    logs.log(id).note({ bucketId: bucket, key: 'k', versionId: 'v', type: 'put', loggedAt: 1 })
  const passes = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 10) {
      environment.clock.advance(10)
      await new Promise(setImmediate)
    }
  }
  return { logs, environment, tails, wait, note, passes }
}

t.test('one held request for all who wait, which wakes those whose bucket changed', async t => {
  const { logs, tails, wait, note, passes } = setUp()
  const one = wait({ a: 0 })
  const two = wait({ a: 0 })
  await passes(50)
  t.strictSame([logs.log('a').held, tails.waiting], [1, 2])
  t.strictSame([one.woken, two.woken], [0, 0], 'who is at the end is not woken')
  note('a', otherBucket)
  await passes(50)
  t.strictSame([one.woken, two.woken], [0, 0], 'another bucket')
  note('a')
  await passes(50)
  t.strictSame([one.woken, two.woken], [1, 1])
  t.equal(logs.log('a').held, 1, 'asked again')
  const behind = wait({ a: 0 })
  t.equal(behind.woken, 1, 'what changed before it came may be its bucket')
  const unread = wait({})
  t.equal(unread.woken, 1, 'nobody knows how far it is')
  for (const waiter of [one, two, behind, unread]) waiter.leave()
  one.leave()
  await passes(900)
  t.equal(logs.log('a').held, 1, 'they may come again')
  await passes(200)
  t.strictSame([logs.log('a').held, tails.waiting], [0, 0])
})

t.test('a change before the first answer is not missed; another log is news', async t => {
  const { logs, wait, note, passes } = setUp()
  const waiter = wait({ a: 0 })
  note('a')
  await passes(50)
  t.ok(waiter.woken > 0)
  const now = wait({ a: 1 })
  t.equal(now.woken, 0)
  logs.log('a').logId = new Uint8Array(16).fill(99)
  note('a', otherBucket)
  await passes(50)
  t.ok(now.woken > 0)
  for (const one of [waiter, now]) one.leave()
  await passes(1100)
})

t.test('an agent that is down is asked again, less and less often, and wakes when it is back', async t => {
  const { logs, tails, environment, wait, note, passes } = setUp(['a', 'b'])
  logs.down.add('b')
  const waiter = wait({ a: 0, b: 0 })
  await passes(3_000)
  t.equal(waiter.woken, 0)
  logs.down.delete('b')
  note('b')
  await passes(6_000)
  t.ok(waiter.woken > 0)
  const before = waiter.woken
  tails.close()
  t.equal(waiter.woken, before + 1, 'all are woken at the end')
  await passes(20)
  t.strictSame([logs.log('a').held, logs.log('b').held, environment.clock.timers], [0, 0, 0])
})
