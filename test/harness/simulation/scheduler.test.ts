import fc from 'fast-check'
import t from 'tap'
import { EventHeap } from './event-heap.js'
import { Scheduler } from './scheduler.js'

t.test('the heap gives events by time, then in the order in which they came', async () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 }), times => {
      const heap = new EventHeap()
      const events = times.map((timeMs, sequence) => ({ timeMs, sequence, label: '', action: undefined }))
      for (const event of events) heap.add(event)
      const sorted = [...events].sort((a, b) => a.timeMs - b.timeMs || a.sequence - b.sequence)
      const taken = events.map(() => heap.take())
      return heap.take() === undefined && taken.every((event, index) => event === sorted[index])
    }),
  )
})

t.test('events happen in order and time jumps', async t => {
  const scheduler = new Scheduler()
  const log: string[] = []
  const note = (what: string) => () => void log.push(`${what}@${scheduler.nowMs}`)
  scheduler.schedule(3_600_000, 'c', note('c'))
  scheduler.schedule(5, 'a', note('a'))
  scheduler.schedule(5, 'b', note('b'))
  const cancel = scheduler.schedule(4, 'never', note('never'))
  cancel()
  await scheduler.runUntil(() => log.length === 3)
  t.same(log, ['a@5', 'b@5', 'c@3600000'])
})

t.test('all promises and ticks that an event sets off end before the next event', async t => {
  const scheduler = new Scheduler()
  const log: string[] = []
  scheduler.schedule(1, 'first', () => {
    void (async () => {
      for (let hop = 0; hop < 50; hop++) await Promise.resolve()
      log.push('promises')
      process.nextTick(() => {
        log.push('tick')
        queueMicrotask(() => log.push('microtask of a tick'))
      })
    })()
  })
  scheduler.schedule(1, 'second', () => void log.push('second'))
  await scheduler.runUntil(() => log.includes('second'))
  t.same(log, ['promises', 'tick', 'microtask of a tick', 'second'])
})

t.test('drive gives the value or the error of what it drives', async t => {
  const scheduler = new Scheduler()
  const later = <T>(settle: () => T) =>
    new Promise<T>((resolve, reject) => {
      scheduler.schedule(10, 'later', () => {
        try {
          resolve(settle())
        } catch (error) {
          reject(error)
        }
      })
    })
  t.equal(await scheduler.drive(later(() => 'value')), 'value')
  const fails = later(() => {
    throw new Error('expected')
  })
  await t.rejects(scheduler.drive(fails), /expected/)
})

t.test('a run that is stuck fails and says so', async t => {
  const scheduler = new Scheduler({ timeMsMax: 1000, eventsMax: 100 })
  await t.rejects(scheduler.drive(new Promise(() => {})), /nothing is left to happen/)
  const again = (): void => void scheduler.schedule(1, 'again', again)
  again()
  await t.rejects(scheduler.drive(new Promise(() => {})), /after 100 events/)
  const slow = new Scheduler({ timeMsMax: 1000 })
  slow.schedule(2000, 'late', () => {})
  await t.rejects(slow.drive(new Promise(() => {})), /after 1000 virtual ms/)
})

t.test('the trace tells runs apart and keeps the last lines', async t => {
  const run = async (label: string) => {
    const scheduler = new Scheduler()
    for (let index = 0; index < 250; index++) scheduler.schedule(index, `${label} ${index}`, () => {})
    await scheduler.runFor(300)
    return scheduler.trace
  }
  const one = await run('event')
  t.equal(one.digest(), (await run('event')).digest())
  t.not(one.digest(), (await run('other')).digest())
  t.equal(one.tail().length, 200)
  t.match(one.tail()[199], /run for/)
  t.match(one.tail()[198], /event 249/)
})
