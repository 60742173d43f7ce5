import t from 'tap'
import { Liveness } from '../../src/exchange/liveness.js'
import { limits } from '../../src/limits.js'

function stage({ mayLeave = true } = {}) {
  const told: unknown[] = []
  const rule = {
    pingMs: 1_000,
    pongMs: 3_000,
    onSuspect: (suspect: boolean) => void told.push(suspect),
    mayLeave: () => mayLeave,
  }
  const actions = { ping: () => void told.push('ping'), giveUp: () => void told.push('end') }
  return { told, rule, actions }
}

t.test('a silent peer that owes an answer is left within seconds', async t => {
  const { told, rule, actions } = stage()
  const liveness = new Liveness(0, actions, rule)
  t.equal(liveness.expectAnswer(10_000), 11_000, 'the quiet before the request does not count')
  t.equal(liveness.check(10_500, true), 11_000)
  t.equal(liveness.check(11_000, true), 14_000)
  t.strictSame(told, ['ping', true])
  const again = liveness.check(14_000, true)
  t.strictSame(told, ['ping', true], 'what has arrived is read first')
  t.equal(liveness.check(again, true), Number.POSITIVE_INFINITY)
  t.strictSame(told, ['ping', true, 'end'])
})

t.test('a peer that only takes its time is kept', async t => {
  const { told, rule, actions } = stage()
  const liveness = new Liveness(0, actions, rule)
  liveness.expectAnswer(0)
  liveness.check(1_000, true)
  liveness.check(4_000, true)
  liveness.received(4_001)
  t.strictSame(told, ['ping', true, false])
  t.equal(liveness.check(4_005, true), 5_001)
  t.equal(liveness.check(5_001, true), 8_001, 'and probed again')
})

t.test('with nowhere to go, patience is that of an idle connection', async t => {
  const { told, rule, actions } = stage({ mayLeave: false })
  const liveness = new Liveness(0, actions, rule)
  liveness.expectAnswer(0)
  let nowMs = 0
  let looks = 0
  while (!told.includes('end')) {
    nowMs = liveness.check(nowMs, true)
    if (nowMs === Number.POSITIVE_INFINITY) break
    if (looks++ > 100) t.fail('it is looked at too often')
  }
  t.strictSame(told, ['ping', true, 'end'])

  const plain = stage()
  const usual = new Liveness(0, plain.actions)
  t.equal(usual.expectAnswer(0), undefined)
  t.equal(usual.check(1, true), limits.idlePingMs)
  t.equal(usual.check(limits.idlePingMs, true), limits.idlePingMs + limits.pongMs)
  t.strictSame(plain.told, ['ping'])
})
