import t from 'tap'
import { Scheduler } from './scheduler.js'
import { SeededRandom } from './seeded-random.js'
import { SimulatedProcess } from './simulated-process.js'

function start(skew = { ms: 0 }) {
  const scheduler = new Scheduler()
  const process = new SimulatedProcess({ name: 'a', scheduler, random: new SeededRandom(1), skew })
  const log: string[] = []
  const note = (what: string) => () => void log.push(`${what}@${scheduler.nowMs}`)
  return { scheduler, process, log, note }
}

t.test('nothing happens in a process that is stopped, and all of it in order once it goes on', async t => {
  const { scheduler, process, log, note } = start()
  const cancel = process.environment.clock.after(30, note('cancelled'))
  for (const ms of [10, 20, 25]) process.environment.clock.after(ms, note(`timer ${ms}`))
  scheduler.schedule(15, 'stop', () => process.stop())
  scheduler.schedule(40, 'cancel', cancel)
  await scheduler.runFor(100)
  t.same(log, ['timer 10@10'])
  process.resume()
  await scheduler.runFor(1)
  t.same(
    log,
    ['timer 10@10', 'timer 20@100', 'timer 25@100'],
    'a timer that was cancelled meanwhile never fires',
  )
})

t.test('a process that is killed while it is stopped stays dead', async t => {
  const { scheduler, process, log, note } = start()
  process.environment.clock.after(10, note('timer'))
  process.stop()
  await scheduler.runFor(20)
  process.kill()
  process.resume()
  await scheduler.runFor(20)
  t.same(log, [])
})

t.test('its end comes in place of the step that was named', async t => {
  const { scheduler, process, log, note } = start()
  for (const ms of [10, 20, 30]) process.environment.clock.after(ms, note(`timer ${ms}`))
  process.afterSteps(2, () => {
    note('end')()
    process.kill()
  })
  await scheduler.runFor(100)
  t.same(log, ['timer 10@10', 'timer 20@20', 'end@30'])
})

t.test('a clock that jumps moves the wall clock, and no timer', async t => {
  const skew = { ms: 5 }
  const { scheduler, process, log, note } = start(skew)
  const { clock } = process.environment
  const before = clock.nowMs()
  clock.after(10, note('timer'))
  skew.ms -= 1000
  t.equal(clock.nowMs() - before, -1000)
  await scheduler.runFor(10)
  t.same(log, ['timer@10'])
  t.equal(clock.monotonicMs(), 10)
})
