import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { race, staggerMs } from '../../src/connection/race.js'
import { ManualClock } from '../doubles/manual-clock.js'

interface Attempt {
  readonly begin: () => Promise<string>
  begun: boolean
  succeed(value: string): void
  fail(error: TorcError): void
}

function attempt(): Attempt {
  let succeed: (value: string) => void = () => {}
  let fail: (error: TorcError) => void = () => {}
  const outcome = new Promise<string>((resolve, reject) => {
    succeed = resolve
    fail = reject
  })
  const made: Attempt = {
    begin: () => {
      made.begun = true
      return outcome
    },
    begun: false,
    succeed: value => succeed(value),
    fail: error => fail(error),
  }
  return made
}

const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
const down = new TorcError('UNREACHABLE', 'nothing listens there')

t.test('the next begins when one fails or is slow, and the first that succeeds counts', async t => {
  const clock = new ManualClock()
  const [a, b, c, d] = [attempt(), attempt(), attempt(), attempt()]
  const first = race(
    [a, b, c, d].map(({ begin }) => begin),
    clock,
  )
  t.strictSame([a.begun, b.begun], [true, false])
  a.fail(down)
  await settled()
  t.strictSame([b.begun, c.begun], [true, false], 'at once after a failure')
  clock.pass(staggerMs - 1)
  t.equal(c.begun, false)
  clock.pass(1)
  t.equal(c.begun, true, 'beside one that is slow')
  b.succeed('b')
  t.equal(await first, 'b')
  clock.pass(staggerMs)
  t.equal(d.begun, false, 'nothing begins after the end')
  c.fail(down)
  await settled()
  t.equal(clock.pending, 0)
})

t.test('where all fail, what is for good is told', async t => {
  const clock = new ManualClock()
  const denied = new TorcError('DENIED', 'not with this key')
  const failing = (error: TorcError) => () => Promise.reject(error)
  await t.rejects(race([failing(down), failing(denied), failing(down)], clock), { code: 'DENIED' })
  await t.rejects(race([failing(down)], clock), { code: 'UNREACHABLE' })
  await t.rejects(race([], clock), { code: 'CONFIG' })
  t.equal(clock.pending, 0)
})
