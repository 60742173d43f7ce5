import t from 'tap'
import { BlockBudget } from '../../src/store/block-budget.js'
import { FillingPlace, fillMsMax } from '../../src/store/filling-place.js'
import { VirtualClock } from '../support/virtual-clock.js'

const settled = (): Promise<void> => new Promise(setImmediate)

t.test('one place for each block, given back when it is on its way', async t => {
  const budget = new BlockBudget(2)
  const place = new FillingPlace(budget, new VirtualClock())
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
  const clock = new VirtualClock()
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
  const clock = new VirtualClock()
  const [slow, fast] = [new FillingPlace(budget, clock), new FillingPlace(budget, clock)]
  slow.take()
  let began = false
  void fast.take()?.then(() => {
    began = true
  })
  await clock.advance(fillMsMax - 1)
  await settled()
  t.notOk(began)
  await clock.advance(1)
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
  const clock = new VirtualClock()
  const place = new FillingPlace(budget, clock)
  place.take()
  place.filled()
  await clock.advance(10 * fillMsMax)
  t.equal(budget.free, 0)
  place.leave()
  t.equal(budget.free, 1)
  t.equal(clock.pendingTimers, 0)
})

t.test('a slow one asks for no place until it has become fast', async t => {
  const budget = new BlockBudget(1)
  const clock = new VirtualClock()
  const place = new FillingPlace(budget, clock)
  const block = async (ms: number): Promise<number> => {
    t.equal(place.take(), undefined, 'it never waits')
    const { free } = budget
    await clock.advance(ms)
    place.filled()
    place.leave()
    return free
  }
  t.equal(await block(fillMsMax), 0, 'too slow')
  t.equal(await block(fillMsMax), 1, 'slow still: without a place')
  t.equal(await block(1), 1, 'fast again, which is known afterwards')
  t.equal(await block(1), 0, 'with a place')
  t.equal(budget.free, 1)
  t.equal(clock.pendingTimers, 0)
})
