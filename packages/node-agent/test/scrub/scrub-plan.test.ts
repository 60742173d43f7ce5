import fc from 'fast-check'
import t from 'tap'
import {
  advancePass,
  beginPass,
  countRepair,
  describePass,
  endPass,
  isWalking,
  type ScrubPass,
} from '../../src/scrub/scrub-pass.js'
import { nextTask, pauseMs, retryDelayMs, type ScrubSituation } from '../../src/scrub/scrub-plan.js'

const never: ScrubPass = {
  ...{ pass: 0, asked: false, beganAtMs: 0, endedAtMs: 0, position: 0, last: 0, blocks: 0, bytes: 0 },
  ...{ bytesTotal: 0, found: 0, repaired: 0, repairedEver: 0 },
}
const intervalMs = 1000
const walking = beginPass(never, { asked: false, nowMs: 5000, last: 10, bytesTotal: 1000 })
const over = endPass(walking, 6000)

function next(situation: Partial<ScrubSituation>, nowMs = 6500): string {
  const calm = { pass: over, asked: false, suspects: false, sweeping: false, retryDue: false }
  return nextTask({ ...calm, ...situation }, nowMs, intervalMs)
}

t.test('what comes first', async t => {
  t.equal(next({}), 'rest')
  t.equal(next({ pass: never }), 'begin', 'the first pass')
  t.equal(next({}, 6999), 'rest')
  t.equal(next({}, 7000), 'begin', 'the next one when it is due')
  t.equal(next({}, 4999), 'begin', 'a clock that was set back does not put it off')
  t.equal(next({ pass: walking }), 'check')
  t.equal(next({ pass: walking, retryDue: true }), 'check', 'the walk comes to these blocks itself')
  t.equal(next({ retryDue: true }), 'retry')
  t.equal(next({ pass: walking, sweeping: true }), 'sweep')
  t.equal(next({ pass: never, sweeping: true }), 'begin', 'a pass begins with the folders')
  t.equal(next({ pass: walking, asked: true }), 'begin')
  t.equal(next({ pass: walking, asked: true, suspects: true, sweeping: true }), 'suspect')
})

t.test('a pass counts what it checks, and what was repaired stays known', async t => {
  const checked = { position: 4, blocks: 3, bytes: 300, found: 2, repaired: 1 }
  const half = advancePass(walking, checked)
  t.match(half, { pass: 1, position: 4, blocks: 3, bytes: 300, found: 2, repaired: 1, repairedEver: 1 })
  t.equal(describePass(half), 'pass 1: 30 %, 3 blocks checked, 2 damaged, 1 repaired')
  const ended = endPass(countRepair(half), 9000)
  t.notOk(isWalking(ended))
  t.match(ended, { position: 10, bytes: 300, bytesTotal: 300, repaired: 1, repairedEver: 2 })
  t.equal(describePass(ended), 'pass 1: done, 3 blocks checked, 2 damaged, 1 repaired')
  const second = beginPass(ended, { asked: true, nowMs: 9500, last: 12, bytesTotal: 1200 })
  t.match(second, { pass: 2, asked: true, position: 0, last: 12, found: 0, repaired: 0, repairedEver: 2 })
  t.equal(describePass(never), 'no pass yet')
})

t.test('the rate is kept on the average, whatever a unit reads and takes', async t => {
  t.equal(pauseMs(1000, 10, 10_000), 90)
  t.equal(pauseMs(0, 10, 10_000), 0)
  t.equal(pauseMs(1000, 500, 10_000), 0, 'a slow disk needs no brake')
  const units = fc.array(fc.record({ bytes: fc.nat(4_000_000), tookMs: fc.nat(100) }), { minLength: 1 })
  const property = fc.property(units, fc.integer({ min: 1, max: 100_000_000 }), (all, rate) => {
    const bytes = all.reduce((sum, unit) => sum + unit.bytes, 0)
    const ms = all.reduce((sum, unit) => sum + unit.tookMs + pauseMs(unit.bytes, unit.tookMs, rate), 0)
    return (bytes * 1000) / Math.max(1, ms) <= rate || bytes === 0
  })
  fc.assert(property)
})

t.test('asking again for what nobody could give becomes rarer', async t => {
  t.same([0, 1, 2, 5, 6, 100].map(retryDelayMs), [10_000, 20_000, 40_000, 320_000, 600_000, 600_000])
})
