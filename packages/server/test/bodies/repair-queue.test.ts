import t from 'tap'
import { RepairQueue } from '../../src/bodies/repair-queue.js'

/** Tasks that go on until the test ends them. */
function tasks() {
  const started: string[] = []
  const ends = new Map<string, () => void>()
  return {
    started,
    task: (name: string) => () => {
      started.push(name)
      return new Promise<void>(resolve => ends.set(name, resolve))
    },
    async end(name: string): Promise<void> {
      ends.get(name)?.()
      await new Promise(setImmediate)
    },
  }
}

t.test('a few run at once, a few wait in order, more are refused', async t => {
  const queue = new RepairQueue(2, 2)
  const { started, task, end } = tasks()
  t.strictSame(
    ['a', 'b', 'c', 'd', 'e'].map(name => queue.offer(name, task(name))),
    [true, true, true, true, false],
  )
  t.strictSame(started, ['a', 'b'])
  t.equal(queue.size, 4)
  await end('b')
  t.strictSame(started, ['a', 'b', 'c'])
  t.equal(queue.offer('e', task('e')), true, 'there is room again')
  for (const name of ['a', 'c', 'd', 'e']) await end(name)
  t.strictSame(started, ['a', 'b', 'c', 'd', 'e'])
  t.equal(queue.size, 0)
})

t.test('one of a name at a time', async t => {
  const queue = new RepairQueue(1, 1)
  const { started, task, end } = tasks()
  for (const name of ['a', 'a', 'b', 'b', 'a']) t.equal(queue.offer(name, task(name)), true)
  await end('a')
  await end('b')
  t.strictSame(started, ['a', 'b'])
  queue.offer('a', task('a'))
  t.strictSame(started, ['a', 'b', 'a'], 'over, and needed again')
  await end('a')
})

t.test('a queue without places refuses', async t => {
  const { started, task } = tasks()
  t.equal(new RepairQueue(0, 0).offer('a', task('a')), false)
  t.strictSame(started, [])
})
