import fc from 'fast-check'
import t from 'tap'
import { Tally } from '../../src/quorum/tally.js'

t.test('decides as soon as it can', async t => {
  const tally = new Tally(2, ['a', 'b', 'c'])
  t.equal(tally.ack('a'), 'open')
  t.equal(tally.fail('b'), 'open')
  t.equal(tally.outstanding, 1)
  t.equal(tally.ack('c'), 'reached')
  t.strictSame(tally.acknowledged, ['a', 'c'])
  t.strictSame(tally.failed, ['b'])
})

t.test('misses as soon as too few are left', async t => {
  const tally = new Tally(2, ['a', 'b'])
  t.equal(tally.fail('a'), 'missed')
  t.equal(tally.ack('b'), 'missed', 'once decided, it stays so')
})

t.test('nothing needed is reached, more than asked is missed', async t => {
  t.equal(new Tally(0, []).verdict, 'reached')
  t.equal(new Tally(-1, []).verdict, 'reached')
  t.equal(new Tally(1, []).verdict, 'missed')
})

t.test('an agent counts once, a stranger never', async t => {
  const tally = new Tally(2, ['a', 'b'])
  tally.ack('a')
  t.equal(tally.ack('a'), 'open')
  t.equal(tally.fail('a'), 'open')
  t.equal(tally.ack('stranger'), 'open')
  t.equal(tally.ask('stranger'), 'open')
  t.equal(tally.ask('a'), 'open')
  t.equal(tally.ack('stranger'), 'reached')
})

t.test('a deadline ends what is open', async t => {
  t.equal(new Tally(1, ['a']).expire(), 'missed')
  const reached = new Tally(1, ['a'])
  reached.ack('a')
  t.equal(reached.expire(), 'reached')
})

t.test('property: agrees with counting', async () => {
  const answers = fc.array(fc.record({ agent: fc.integer({ min: 0, max: 5 }), ok: fc.boolean() }), {
    maxLength: 20,
  })
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 6 }),
      fc.integer({ min: 0, max: 5 }),
      answers,
      (needed, asked, events) => {
        const tally = new Tally(
          needed,
          Array.from({ length: asked }, (_, i) => String(i)),
        )
        const first = new Map<number, boolean>()
        let expected = needed <= 0 ? 'reached' : needed > asked ? 'missed' : 'open'
        for (const { agent, ok } of events) {
          if (agent < asked && !first.has(agent)) first.set(agent, ok)
          const acks = [...first.values()].filter(Boolean).length
          if (expected === 'open' && acks >= needed) expected = 'reached'
          if (expected === 'open' && acks + asked - first.size < needed) expected = 'missed'
          const verdict = ok ? tally.ack(String(agent)) : tally.fail(String(agent))
          if (verdict !== expected) return false
        }
        return tally.verdict === expected
      },
    ),
  )
})
