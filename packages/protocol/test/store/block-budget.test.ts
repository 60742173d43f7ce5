import t from 'tap'
import { BlockBudget } from '../../src/store/block-budget.js'

t.test('places are given in order', async t => {
  const budget = new BlockBudget(2)
  t.equal(budget.acquire(), undefined)
  t.equal(budget.tryAcquire(), true)
  t.equal(budget.tryAcquire(), false)
  const order: number[] = []
  const first = budget.acquire()?.then(() => order.push(1))
  const second = budget.acquire()?.then(() => order.push(2))
  t.equal(budget.free, 0)
  budget.release()
  budget.release()
  await Promise.all([first, second])
  t.strictSame(order, [1, 2])
  budget.release()
  budget.release()
  t.equal(budget.free, 2)
})
