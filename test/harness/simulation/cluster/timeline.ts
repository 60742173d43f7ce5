import type { Scheduler } from '../scheduler.js'

export interface Moment {
  readonly atMs: number
  readonly what: string
}

/** What people want to know of a run: its faults, changes and calls, in the order in which they came. */
export class Timeline {
  readonly #scheduler: Scheduler
  readonly #moments: Moment[] = []
  readonly #faults: string[] = []

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  note(what: string): void {
    this.#moments.push({ atMs: this.#scheduler.nowMs, what })
  }

  /** A fault, or a change of the layout: part of the trace as well. */
  fault(what: string): void {
    this.note(what)
    this.#faults.push(`${this.#scheduler.nowMs.toFixed(3)} ${what}`)
    this.#scheduler.record(what)
  }

  get moments(): readonly Moment[] {
    return this.#moments
  }

  /** Faults and changes, each with its time. */
  get faults(): readonly string[] {
    return this.#faults
  }
}
