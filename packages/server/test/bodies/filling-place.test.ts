import { BlockBudget } from '@torc/protocol/store/block-budget'
import t from 'tap'
import { FillingPlace, fillMsMax } from '../../src/bodies/filling-place.js'
import { ManualClock } from '../fakes/fake-environment.js'

const settled = (): Promise<void> => new Promise(setImmediate)

t.test('one place for each block, given back when it is on its way', async t => {
  const budget = new BlockBudget(2)
  const place = new FillingPlace(budget, new ManualClock())
  t.equal(place.take(), undefined)
  t.equal(place.take(), undefined, 'the block has it already')
  t.equal(budget.free, 1)
  place.leave()
  place.leave()
  t.equal(budget.free, 2)
  place.take()
  t.equal(budget.free, 1, 'the next block')
})

t.test('bodies that come fast wait for each other in their order', async t => {
  const budget = new BlockBudget(1)
  const clock = new ManualClock()
  const [first, second, third] = [0, 1, 2].map(() => new FillingPlace(budget, clock))
  const order: string[] = []
  first?.take()
  void second?.take()?.then(() => order.push('second'))
  void third?.take()?.then(() => order.push('third'))
  await settled()
  t.same(order, [])
  first?.leave()
  await settled()
  t.same(order, ['second'])
  second?.leave()
  await settled()
  t.same(order, ['second', 'third'])
  third?.leave()
  t.equal(budget.free, 1)
})

t.test('one that comes slowly keeps nobody waiting', async t => {
  const budget = new BlockBudget(1)
  const clock = new ManualClock()
  const [slow, fast] = [new FillingPlace(budget, clock), new FillingPlace(budget, clock)]
  slow.take()
  let began = false
  void fast.take()?.then(() => {
    began = true
  })
  clock.advance(fillMsMax - 1)
  await settled()
  t.notOk(began)
  clock.advance(1)
  await settled()
  t.ok(began)
  t.equal(slow.take(), undefined, 'it goes on without a place, and takes no other for this block')
  slow.leave()
  t.equal(budget.free, 0, 'it has none to give back')
  fast.leave()
  t.equal(budget.free, 1)
})

t.test('a block that is whole keeps its place, however long the agents take', async t => {
  const budget = new BlockBudget(1)
  const clock = new ManualClock()
  const place = new FillingPlace(budget, clock)
  place.take()
  place.filled()
  clock.advance(10 * fillMsMax)
  t.equal(budget.free, 0)
  place.leave()
  t.equal(budget.free, 1)
  t.equal(clock.timers, 0)
})

t.test('a slow one asks for no place until it has become fast', async t => {
  const budget = new BlockBudget(1)
  const clock = new ManualClock()
  const place = new FillingPlace(budget, clock)
  const block = (ms: number): number => {
    t.equal(place.take(), undefined, 'it never waits')
    const { free } = budget
    clock.advance(ms)
    place.filled()
    place.leave()
    return free
  }
  t.equal(block(fillMsMax), 0, 'too slow')
  t.equal(block(fillMsMax), 1, 'slow still: without a place')
  t.equal(block(1), 1, 'fast again, which is known afterwards')
  t.equal(block(1), 0, 'with a place')
  t.equal(budget.free, 1)
  t.equal(clock.timers, 0)
})
