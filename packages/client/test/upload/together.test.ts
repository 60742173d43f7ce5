import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { Together } from '../../src/upload/together.js'
import { ManualClock } from '../doubles/manual-clock.js'

const company = { enough: 3, patienceMs: 10 }

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

t.test('a request that is under way holds up no other', async t => {
  const clock = new ManualClock()
  const { together, requests } = asking(clock)
  const all = Array.from({ length: 7 }, (_, i) => together.ask(i))
  clock.pass(10)
  t.strictSame(
    requests.map(({ questions }) => questions),
    [[0, 1, 2], [3, 4, 5], [6]],
  )
  for (const request of requests.reverse()) request.answer()
  t.strictSame(await Promise.all(all), [0, 10, 20, 30, 40, 50, 60])
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
