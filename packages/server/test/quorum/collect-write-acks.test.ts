import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { collectWriteAcks } from '../../src/quorum/collect-write-acks.js'
import { WritePlan } from '../../src/quorum/targets.js'
import type { WriteTarget } from '../../src/quorum/write-quorum.js'
import { fakeEnvironment } from '../fakes/fake-environment.js'

const plan = (...down: string[]) =>
  new WritePlan(
    [{ owners: ['a', 'b', 'c'], needed: 2 }],
    agent => !down.includes(agent),
    () => ['d', 'e'],
  )

/** Answers by agent; the others never answer. */
const answers =
  (by: Record<string, boolean | TorcError>) =>
  async ({ agent }: WriteTarget): Promise<boolean> => {
    const answer = by[agent]
    if (answer instanceof Error) throw answer
    return answer ?? (await new Promise<boolean>(() => {}))
  }

const unreachable = new TorcError('UNREACHABLE', 'gone')

t.test('who fails is replaced by the next fallback, which keeps a hint', async t => {
  const { clock } = fakeEnvironment(1)
  const p = plan()
  const send = answers({ a: true, b: unreachable, c: unreachable, d: unreachable, e: true })
  const acks = collectWriteAcks(clock, p, [...p.targets], send)
  await acks.decided
  t.equal(acks.tally.verdict, 'reached')
  await acks.settled
  t.strictSame([...acks.hinted.keys()], ['e'])
  t.strictSame(p.down, ['b', 'c'])
})

t.test('what every agent would refuse is refused at once', async t => {
  const { clock } = fakeEnvironment(1)
  const p = plan()
  const wrong = new TorcError('BAD_REQUEST', 'no')
  const acks = collectWriteAcks(clock, p, [...p.targets], answers({ a: true, b: wrong, c: wrong }))
  await acks.decided
  t.equal(acks.tally.verdict, 'missed')
  t.equal(p.targets.length, 3)
})

t.test('owners that are silent get stand-ins while the quorum is open', async t => {
  const { clock } = fakeEnvironment(1)
  const p = plan()
  const acks = collectWriteAcks(clock, p, [...p.targets], answers({ a: true, d: true, e: true }))
  while (acks.tally.acknowledged.length === 0) await Promise.resolve()
  clock.advance(999)
  t.equal(acks.tally.verdict, 'open')
  clock.advance(1)
  await acks.decided
  t.equal(acks.tally.verdict, 'reached')
  t.strictSame(acks.hinted.get('d'), ['b'])
})

t.test('an answer may wait a moment for hints that are under way', async t => {
  const { clock } = fakeEnvironment(1)
  const p = plan('c')
  let hint: (stored: boolean) => void = () => {}
  const send = async ({ agent }: WriteTarget): Promise<boolean> =>
    agent === 'd' ? new Promise(resolve => (hint = resolve)) : true
  const acks = collectWriteAcks(clock, p, [...p.targets], send)
  await acks.decided
  const settled = acks.hintsSettled()
  hint(true)
  await settled
  t.strictSame([...acks.hinted], [['d', ['c']]])
  const patient = collectWriteAcks(clock, plan('c'), [...plan('c').targets], send)
  await patient.decided
  const late = patient.hintsSettled()
  clock.advance(50)
  await late
  t.strictSame([...patient.hinted], [])
  const whole = collectWriteAcks(clock, plan(), [...plan().targets], async () => true)
  await whole.decided
  await whole.hintsSettled()
  t.equal(clock.timers, 0, 'nobody waits where no owner is down')
})

t.test('the place of the minter is filled', async t => {
  const { clock } = fakeEnvironment(1)
  const p = plan('a')
  const [, , standIn] = p.targets
  t.strictSame(standIn, { agent: 'd', standsFor: ['a'] })
  const filled = standIn === undefined ? [] : [standIn]
  const acks = collectWriteAcks(clock, p, p.targets.slice(0, 1), answers({ b: true }), filled)
  await acks.decided
  t.equal(acks.tally.verdict, 'reached')
})
