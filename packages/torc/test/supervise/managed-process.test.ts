import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '@torc/protocol/environment/clock'
import { systemClock } from '@torc/protocol/environment/system'
import t, { type Test } from 'tap'
import { ManagedProcess, type ProcessEvent, type RunningNode } from '../../src/supervise/managed-process.js'

/** A child in a few lines: does what its first argument says, and tells its run's number as its address. */
const script = `
const [, what, address] = process.argv
const say = (message, then = () => {}) => process.send(message, then)
process.on('disconnect', () => process.exit(0))
if (what === 'fail') say({ type: 'failed', code: 'CONFIG', message: 'bad option', hint: 'good one' }, () => process.exit(2))
else if (what === 'die') process.exit(3)
else {
  if (what !== 'stubborn') process.on('SIGTERM', () => process.exit(0))
  else process.on('SIGTERM', () => console.log('not me'))
  process.on('message', () => {})
  console.log('started', address)
  say({ nonsense: true })
  say({ type: 'ready', id: 'node', address })
}
`

/** Timers do not wait, and are remembered. */
class ImpatientClock implements Clock {
  readonly waited: number[] = []
  nowMs = systemClock.nowMs
  monotonicMs = systemClock.monotonicMs
  soon = systemClock.soon
  after(ms: number, callback: () => void): () => void {
    this.waited.push(ms)
    return systemClock.after(0, callback)
  }
}

interface Setup {
  readonly managed: ManagedProcess
  readonly logFile: string
  readonly clock: ImpatientClock
  readonly events: ProcessEvent[]
  event(matches: (event: ProcessEvent) => boolean): Promise<ProcessEvent>
}

function setUp(
  t: Test,
  what: (run: number, last: RunningNode | undefined) => string,
  program = process.execPath,
): Setup {
  const logFile = join(t.testdir({}), 'child.log')
  const clock = new ImpatientClock()
  const events: ProcessEvent[] = []
  const listeners = new Set<() => void>()
  let run = 0
  const managed = new ManagedProcess({
    name: 'child',
    command: last => [program, '-e', script, what(++run, last), `run:${run}`],
    variables: { PATH: process.env.PATH },
    logFile,
    clock,
    onEvent: event => {
      events.push(event)
      for (const listener of [...listeners]) listener()
    },
  })
  t.teardown(() => managed.stop(5_000))
  return {
    managed,
    logFile,
    clock,
    events,
    event: matches =>
      new Promise(resolve => {
        const look = (): void => {
          const found = events.find(matches)
          if (found === undefined) return
          listeners.delete(look)
          resolve(found)
        }
        listeners.add(look)
        look()
      }),
  }
}

t.test('it starts, is found ready, logs to its file and stops', async t => {
  const { managed, logFile, events } = setUp(t, () => 'run')
  const node = await managed.start()
  t.match(node, { id: 'node', address: 'run:1', pid: Number })
  t.strictSame(managed.node, node)
  await managed.stop(5_000)
  t.throws(() => process.kill(node.pid, 0), { code: 'ESRCH' })
  t.match(readFileSync(logFile, 'utf8'), 'started run:1')
  t.strictSame(events, [], 'a stop is no event')
  await managed.stop(1)
})

t.test('it is started again after a kill, and told how it ran before', async t => {
  const lasts: (string | undefined)[] = []
  const { managed, events, event, clock } = setUp(t, (_run, last) => {
    lasts.push(last?.address)
    return 'run'
  })
  const first = await managed.start()
  process.kill(first.pid, 'SIGKILL')
  await event(({ event }) => event === 'restarted')
  t.match(events, [
    { event: 'exited', process: 'child', pid: first.pid, code: null, signal: 'SIGKILL', restartInMs: 100 },
    { event: 'restarted', process: 'child', id: 'node', address: 'run:2', pid: managed.node?.pid },
  ])
  t.not(managed.node?.pid, first.pid)
  t.strictSame(lasts, [undefined, 'run:1'])
  t.strictSame(clock.waited, [100])
})

t.test('while it keeps failing, its starts come at growing distances and its reason is told', async t => {
  const { managed, events, event, clock } = setUp(t, run => (run === 2 ? 'fail' : run === 3 ? 'die' : 'run'))
  const first = await managed.start()
  process.kill(first.pid, 'SIGKILL')
  await event(({ event }) => event === 'restarted')
  t.match(events, [
    { event: 'exited', signal: 'SIGKILL' },
    { event: 'exited', code: 2, reason: 'bad option' },
    { event: 'exited', code: 3 },
    { event: 'restarted', address: 'run:4' },
  ])
  t.strictSame(clock.waited, [100, 200, 400])
})

t.test('a first start that fails is the caller’s to know and is not repeated', async t => {
  const failing = setUp(t, () => 'fail')
  await t.rejects(failing.managed.start(), { code: 'CONFIG', message: 'bad option', hint: 'good one' })
  const dying = setUp(t, () => 'die')
  await t.rejects(dying.managed.start(), {
    code: 'INTERNAL',
    message: /status 3 before it was ready/,
    hint: /child\.log/,
  })
  const missing = setUp(t, () => 'run', '/nonexistent/program')
  await t.rejects(missing.managed.start(), { code: 'INTERNAL', message: /ENOENT/ })
  for (const { events, clock } of [failing, dying, missing]) {
    t.strictSame(events, [])
    t.strictSame(clock.waited, [])
  }
})

t.test('one that does not want to end is killed', async t => {
  const { managed, clock } = setUp(t, () => 'stubborn')
  const node = await managed.start()
  await managed.stop(7_000)
  t.throws(() => process.kill(node.pid, 0), { code: 'ESRCH' })
  t.ok(clock.waited.includes(7_000))
})
