import { randomBytes } from 'node:crypto'
import { systemClock, systemRandom } from '@torc/protocol/environment/system'
import t from 'tap'
import { watchForLeaks } from './determinism-guard.js'

t.test('reading the machine is noticed, with the place', async t => {
  const { value, leaks } = await watchForLeaks(async () => {
    systemClock.nowMs()
    systemClock.monotonicMs()
    systemRandom.fraction()
    systemRandom.bytes(4)
    systemClock.after(1, () => {})()
    return new Date(0).getTime()
  })
  t.equal(value, 0)
  t.same(leaks.map(({ what }) => what).sort(), [
    'Date.now',
    'Math.random',
    'crypto.randomBytes',
    'globalThis.setTimeout',
    'performance.now',
  ])
  for (const { where } of leaks) t.match(where, /^packages\/protocol\/.*system\.[jt]s:\d+$/)
})

t.test('other code is none of its business, and all is as before afterwards', async t => {
  const before = [Date, Date.now, setTimeout, randomBytes]
  const { leaks } = await watchForLeaks(async () => [Date.now(), Math.random(), randomBytes(1)])
  t.same(leaks, [])
  t.same([Date, Date.now, setTimeout, randomBytes], before)
  await t.rejects(
    watchForLeaks(async () => {
      throw new Error('expected')
    }),
    /expected/,
  )
  t.equal(Date.now, before[1])
})
