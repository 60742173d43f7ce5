import { emptyState } from '@torc/cluster/state/key-state'
import t from 'tap'
import { Repairs } from '../../src/core/repairs.js'

/** Runs that end when the test says so. */
class Runs {
  readonly ends: ((error?: Error) => void)[] = []

  readonly start = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const number = this.ends.length
      this.ends.push(error => (error === undefined ? resolve(number) : reject(error)))
    })
}

const turn = () => new Promise(setImmediate)

t.test('who comes during a run shares the next one', async t => {
  const repairs = new Repairs()
  const runs = new Runs()
  const first = repairs.share('key', runs.start)
  const second = repairs.share('key', runs.start)
  const third = repairs.share('key', runs.start)
  const other = repairs.share('other', runs.start)
  t.strictSame(
    [first, second, third, other].map(({ own }) => own),
    [true, true, false, true],
  )
  t.equal(runs.ends.length, 2)
  runs.ends[0]?.()
  t.equal(await first.result, 0)
  await turn()
  t.equal(runs.ends.length, 3)
  const fourth = repairs.share('key', runs.start)
  runs.ends[2]?.()
  t.strictSame(await Promise.all([second.result, third.result]), [2, 2])
  await turn()
  runs.ends[3]?.()
  t.equal(await fourth.result, 3)
  await turn()
  t.equal(repairs.share('key', runs.start).own, true)
  t.equal(runs.ends.length, 5, 'nothing runs any more: it began at once')
})

t.test('a run that fails holds back nobody', async t => {
  const repairs = new Repairs()
  const runs = new Runs()
  const first = repairs.share('key', runs.start)
  const second = repairs.share('key', runs.start)
  runs.ends[0]?.(new Error('broken'))
  await t.rejects(first.result, { message: 'broken' })
  await turn()
  runs.ends[1]?.()
  t.equal(await second.result, 1)
})

t.test('a repair is known until it is done', async t => {
  const repairs = new Repairs()
  const runs = new Runs()
  const repair = repairs.track('agent', 'key', emptyState, runs.start())
  t.equal(repairs.find('agent', 'key'), repair)
  t.equal(repairs.find('agent', 'other'), undefined)
  runs.ends[0]?.()
  t.equal(await repair.done, true)
  t.equal(repairs.find('agent', 'key'), undefined)
  const failing = repairs.track('agent', 'key', emptyState, runs.start())
  runs.ends[1]?.(new Error('broken'))
  t.equal(await failing.done, false)
  t.equal(repairs.find('agent', 'key'), undefined)
})
