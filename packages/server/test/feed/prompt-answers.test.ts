import { silentLog } from '@torc/protocol/environment/log'
import t from 'tap'
import { PromptAnswers } from '../../src/feed/prompt-answers.js'
import { ManualClock } from '../fakes/fake-environment.js'

/** Agents that answer when the test lets them. */
function questions() {
  const asked: string[] = []
  const open = new Map<string, { resolve: (answer: string) => void; reject: (error: Error) => void }>()
  const ask = (agent: string) =>
    new Promise<string>((resolve, reject) => {
      asked.push(agent)
      open.set(agent, { resolve, reject })
    })
  return { asked, open, ask }
}

const settled = () => new Promise(setImmediate)

t.test('all that answer soon, and no waiting for those that fail', async t => {
  const { open, ask } = questions()
  const prompt = new PromptAnswers(new ManualClock(), silentLog)
  const answers = prompt.gather(['a', 'b', 'c'], ask)
  open.get('c')?.reject(new Error('down'))
  open.get('b')?.resolve('B')
  open.get('a')?.resolve('A')
  t.strictSame(
    [...(await answers)],
    [
      ['b', 'B'],
      ['a', 'A'],
    ],
  )
  t.strictSame([...(await prompt.gather([], ask))], [])
})

t.test('one that is late is left out, and not asked until it has answered', async t => {
  const clock = new ManualClock()
  const { asked, open, ask } = questions()
  const prompt = new PromptAnswers(clock, silentLog)
  const first = prompt.gather(['a', 'late'], ask)
  const late = open.get('late')
  open.get('a')?.resolve('A')
  await settled()
  clock.advance(500)
  t.strictSame([...(await first).keys()], ['a'])
  const second = prompt.gather(['a', 'late'], ask)
  open.get('a')?.resolve('A')
  t.strictSame([...(await second).keys()], ['a'])
  t.strictSame(asked, ['a', 'late', 'a'])
  late?.resolve('too late for the first')
  await settled()
  const third = prompt.gather(['late'], ask)
  open.get('late')?.resolve('L')
  t.strictSame([...(await third)], [['late', 'L']])
})

t.test('while nobody has answered it waits on', async t => {
  const clock = new ManualClock()
  const { open, ask } = questions()
  const prompt = new PromptAnswers(clock, silentLog)
  let done = false
  const answers = prompt.gather(['a', 'b'], ask).finally(() => {
    done = true
  })
  clock.advance(2_000)
  await settled()
  t.equal(done, false)
  open.get('b')?.resolve('B')
  t.strictSame([...(await answers)], [['b', 'B']])
  t.equal(clock.timers, 0)
})
