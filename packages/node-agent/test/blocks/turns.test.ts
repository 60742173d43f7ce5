import t from 'tap'
import { Turns } from '../../src/blocks/turns.js'

/** A task that ends when the test says so. */
function held(): { task: () => Promise<string>; started: () => boolean; end: (error?: Error) => void } {
  let started = false
  let end: (error?: Error) => void = () => undefined
  const ended = new Promise<string>((resolve, reject) => {
    end = error => (error === undefined ? resolve('done') : reject(error))
  })
  const task = (): Promise<string> => {
    started = true
    return ended
  }
  return { task, started: () => started, end: error => end(error) }
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

t.test('tasks of one name follow each other, whatever became of the one before', async t => {
  const turns = new Turns(4)
  const [a, b, c] = [held(), held(), held()]
  const first = turns.take('x', a.task)
  const second = turns.take('x', b.task)
  const third = turns.take('y', c.task)
  await settle()
  t.same([a.started(), b.started(), c.started()], [true, false, true])
  t.same([turns.isTaken('x'), turns.isTaken('y'), turns.isTaken('z')], [true, true, false])
  const failed = t.rejects(first, { message: 'broken' })
  a.end(new Error('broken'))
  await failed
  await settle()
  t.equal(b.started(), true)
  b.end()
  c.end()
  t.equal(await second, 'done')
  t.equal(await third, 'done')
  t.equal(turns.isTaken('x'), false)
})

t.test('no more than so many run at once', async t => {
  const turns = new Turns(2)
  const tasks = [held(), held(), held(), held()]
  const all = tasks.map((task, i) => turns.take(String(i), task.task))
  await settle()
  t.same(
    tasks.map(task => task.started()),
    [true, true, false, false],
  )
  tasks[1]?.end()
  await settle()
  t.same(
    tasks.map(task => task.started()),
    [true, true, true, false],
  )
  for (const task of tasks) task.end()
  await Promise.all(all)
  const last = held()
  const again = turns.take('again', last.task)
  await settle()
  t.equal(last.started(), true)
  last.end()
  await again
})
