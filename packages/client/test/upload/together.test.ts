import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { Together } from '../../src/upload/together.js'
import { ManualClock } from '../doubles/manual-clock.js'

const company = { enough: 3, patienceMs: 10, countMax: 5 }

function asking(clock: ManualClock) {
  const requests: { readonly questions: readonly number[]; answer(error?: TorcError): void }[] = []
  const together = new Together<number, number>(clock, company, questions => {
    return new Promise((resolve, reject) => {
      const answer = (error?: TorcError): void => {
        if (error === undefined) resolve(questions.map(number => 10 * number))
        else reject(error)
      }
      requests.push({ questions, answer })
    })
  })
  return { together, requests }
}

const turn = () => new Promise(setImmediate)

t.test('enough go at once; a few wait for company, and not for long', async t => {
  const clock = new ManualClock()
  const { together, requests } = asking(clock)
  const first = [1, 2, 3].map(number => together.ask(number))
  t.strictSame(requests[0]?.questions, [1, 2, 3])
  requests[0]?.answer()
  t.strictSame(await Promise.all(first), [10, 20, 30])
  const later = [4, 5].map(number => together.ask(number))
  clock.pass(9)
  t.equal(requests.length, 1)
  clock.pass(1)
  t.strictSame(requests[1]?.questions, [4, 5])
  requests[1]?.answer()
  t.strictSame(await Promise.all(later), [40, 50])
  t.equal(clock.pending, 0)
})

t.test('one request at a time; what comes up meanwhile goes in the next, as much as fits', async t => {
  const clock = new ManualClock()
  const { together, requests } = asking(clock)
  const all = Array.from({ length: 11 }, (_, i) => together.ask(i))
  t.strictSame(requests[0]?.questions, [0, 1, 2])
  requests[0]?.answer()
  await turn()
  t.strictSame(requests[1]?.questions, [3, 4, 5, 6, 7])
  requests[1]?.answer()
  await turn()
  t.strictSame(requests[2]?.questions, [8, 9, 10])
  requests[2]?.answer()
  t.strictSame(
    await Promise.all(all),
    Array.from({ length: 11 }, (_, i) => 10 * i),
  )
})

t.test('a request that fails fails its questions; others are asked', async t => {
  const clock = new ManualClock()
  const { together, requests } = asking(clock)
  const failing = [1, 2, 3].map(number => together.ask(number))
  const after = together.ask(4)
  requests[0]?.answer(new TorcError('UNAVAILABLE', 'not now'))
  for (const asked of failing) await t.rejects(asked, { code: 'UNAVAILABLE' })
  clock.pass(10)
  requests[1]?.answer()
  t.equal(await after, 40)
})
