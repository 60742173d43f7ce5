import type { Scheduler } from '../scheduler.js'
import type { Schedule, StepName } from './schedule.js'
import type { Moment, Timeline } from './timeline.js'

/** A broken rule, or a run that did not end; names the seed that brings it back. */
export class SimulationFailure extends Error {
  override readonly name = 'SimulationFailure'
  readonly seed: string | number
  /** What broke, in one line or some. */
  readonly why: string
  /** The last events. */
  readonly trace: readonly string[]
  readonly moments: readonly Moment[]
  /** The steps that were made. */
  readonly steps: readonly StepName[]

  constructor(seed: string | number, cause: unknown, recorded?: Recorded) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const faults = recorded?.timeline.faults ?? []
    super(`seed ${JSON.stringify(seed)}: ${why}\nfaults:\n  ${faults.join('\n  ')}`, { cause })
    this.seed = seed
    this.why = why
    this.trace = recorded?.scheduler.trace.tail() ?? []
    this.moments = recorded?.timeline.moments ?? []
    this.steps = recorded?.schedule.happened ?? []
  }
}

/** What is kept of a run. */
export interface Recorded {
  readonly scheduler: Scheduler
  readonly timeline: Timeline
  readonly schedule: Schedule
}
