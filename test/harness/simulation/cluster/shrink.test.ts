import t from 'tap'
import { Scheduler } from '../scheduler.js'
import { describeFailure } from './describe-failure.js'
import { Schedule } from './schedule.js'
import { shrink } from './shrink.js'
import { type SimulationOptions, simulateCluster } from './simulate-cluster.js'
import { SimulationFailure } from './simulation-failure.js'
import { Timeline } from './timeline.js'

const planned = Array.from({ length: 40 }, (_, index) => `step ${index + 1}`)

/** Fails where all of these steps are made. */
function failingWith(...needed: readonly string[]) {
  return async ({ seed, leaveOut }: SimulationOptions): Promise<void> => {
    const scheduler = new Scheduler()
    const schedule = new Schedule(leaveOut)
    const timeline = new Timeline(scheduler)
    for (const step of planned) if (schedule.takes(step)) timeline.note(`${step} is made`)
    if (needed.every(step => schedule.happened.includes(step)))
      throw new SimulationFailure(seed, new Error('broken'), { scheduler, schedule, timeline })
  }
}

async function failureOf(run: Promise<unknown>): Promise<SimulationFailure> {
  try {
    await run
  } catch (error) {
    if (error instanceof SimulationFailure) return error
    throw error
  }
  throw new Error('it did not fail')
}

t.test('a failing run is made as short as can be, and what is left fails again', async t => {
  const simulate = failingWith('step 3', 'step 17', 'step 40')
  const first = await failureOf(simulate({ seed: 1 }))
  const { failure, leaveOut, runs } = await shrink({ seed: 1 }, first, { runsMax: 100, simulate })
  t.same(failure.steps, ['step 3', 'step 17', 'step 40'])
  t.ok(runs < 60, `${runs} runs`)
  t.same((await failureOf(simulate({ seed: 1, leaveOut }))).steps, failure.steps)
  t.equal(
    describeFailure(failure),
    [
      'broken',
      'timeline (virtual seconds):',
      ...failure.steps.map(step => `    0.0000  ${step} is made`),
    ].join('\n'),
  )
})

t.test('no more runs are made than are allowed', async t => {
  const simulate = failingWith('step 3')
  const first = await failureOf(simulate({ seed: 1 }))
  const { failure, runs } = await shrink({ seed: 1 }, first, { runsMax: 3, simulate })
  t.equal(runs, 3)
  t.ok(failure.steps.length < planned.length)
})

t.test('what is left out changes nothing of what was before it', async t => {
  const options = { seed: 'left out', operations: 10 }
  const { traceHash } = await simulateCluster(options)
  t.equal((await simulateCluster({ ...options, leaveOut: ['client-1 999'] })).traceHash, traceHash)
  t.not((await simulateCluster({ ...options, leaveOut: ['client-1 1'] })).traceHash, traceHash)
})
