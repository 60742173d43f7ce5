import t from 'tap'
import { type Worker, type WorkerOutcome, WorkerRunner } from '../../src/worker/worker.js'
import { SetClock } from '../support/samples.js'

/** A worker whose steps end when and how the test says. */
class SteppedWorker implements Worker {
  readonly name = 'sample'
  steps = 0
  signal: AbortSignal | undefined
  #end: { resolve: (outcome: WorkerOutcome) => void; reject: (error: unknown) => void } | undefined

  step(signal: AbortSignal): Promise<WorkerOutcome> {
    this.steps++
    this.signal = signal
    return new Promise((resolve, reject) => {
      this.#end = { resolve, reject }
    })
  }

  progress(): string {
    return `${this.steps} steps`
  }

  end(outcome: WorkerOutcome): void {
    this.#end?.resolve(outcome)
  }

  fail(error: unknown): void {
    this.#end?.reject(error)
  }
}

const options = { idleMs: 100, retryMs: 10, retryMsMax: 35 }

function setUp(onError?: (error: unknown) => void) {
  const clock = new SetClock()
  const worker = new SteppedWorker()
  const runner = new WorkerRunner(clock, worker, onError === undefined ? options : { ...options, onError })
  return { clock, worker, runner, state: () => runner.status().state }
}

t.test('busy goes on at once, throttled waits, idle waits longer or for a wake', async t => {
  const { clock, worker, runner, state } = setUp()
  t.same(runner.status(), { name: 'sample', state: 'stopped', progress: '0 steps', error: undefined })
  runner.start()
  runner.start()
  await clock.turn()
  t.equal(worker.steps, 1)
  worker.end('busy')
  await clock.turn()
  await clock.turn()
  t.equal(worker.steps, 2)
  worker.end({ throttledMs: 50 })
  await clock.turn()
  t.equal(state(), 'throttled')
  runner.wake()
  await clock.advance(49)
  t.equal(worker.steps, 2, 'a wake does not undo a throttle')
  await clock.advance(1)
  t.equal(worker.steps, 3)
  worker.end('idle')
  await clock.turn()
  t.equal(state(), 'idle')
  await clock.advance(100)
  t.equal(worker.steps, 4)
  worker.end('idle')
  await clock.turn()
  runner.wake()
  runner.wake()
  await clock.turn()
  t.equal(worker.steps, 5)
  t.equal(clock.timers, 0, 'the idle timer is gone')
})

t.test('a wake during a step is not lost', async t => {
  const { clock, worker, runner } = setUp()
  runner.start()
  await clock.turn()
  runner.wake()
  worker.end('idle')
  await clock.turn()
  await clock.turn()
  t.equal(worker.steps, 2)
})

t.test('failures are told, shown, and retried more and more slowly', async t => {
  const errors: unknown[] = []
  const { clock, worker, runner, state } = setUp(error => errors.push(error))
  runner.start()
  await clock.turn()
  for (const waitMs of [10, 20, 35, 35]) {
    worker.fail(new Error('disk gone'))
    await clock.turn()
    t.equal(state(), 'failed')
    t.equal(runner.status().error, 'disk gone')
    const { steps } = worker
    await clock.advance(waitMs - 1)
    t.equal(worker.steps, steps)
    await clock.advance(1)
    t.equal(worker.steps, steps + 1)
  }
  t.equal(errors.length, 4)
  worker.end('idle')
  await clock.turn()
  t.equal(state(), 'idle')
  t.equal(runner.status().error, undefined)
})

t.test('a worker that throws at once, or throws no error, is a failure like others', async t => {
  const clock = new SetClock()
  const broken: Worker = {
    name: 'broken',
    step() {
      throw 'odd'
    },
    progress: () => '',
  }
  const runner = new WorkerRunner(clock, broken, options)
  runner.start()
  await clock.turn()
  t.equal(runner.status().error, 'odd')
  await runner.stop()
})

t.test('stop waits for the step that runs, tells it, and starts no other', async t => {
  const { clock, worker, runner, state } = setUp()
  runner.start()
  await clock.turn()
  let stopped = false
  const stopping = runner.stop().then(() => {
    stopped = true
  })
  await clock.turn()
  t.equal(stopped, false)
  t.equal(worker.signal?.aborted, true)
  worker.end('busy')
  await stopping
  t.equal(state(), 'stopped')
  runner.start()
  runner.wake()
  await clock.turn()
  t.equal(worker.steps, 1)
})

t.test('stop ends a wait, and a step that fails while stopping', async t => {
  const idle = setUp()
  idle.runner.start()
  await idle.clock.turn()
  idle.worker.end('idle')
  await idle.clock.turn()
  await idle.runner.stop()
  t.equal(idle.clock.timers, 0)

  const failing = setUp()
  failing.runner.start()
  await failing.clock.turn()
  const stopping = failing.runner.stop()
  failing.worker.fail(new Error('late'))
  await stopping
  t.equal(failing.state(), 'stopped')

  const unborn = setUp()
  unborn.runner.start()
  await unborn.runner.stop()
  await unborn.clock.turn()
  t.equal(unborn.worker.steps, 0)
})
