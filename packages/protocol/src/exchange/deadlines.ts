import type { Clock } from '../environment/clock.js'

/** Sweeps are at least this far apart, so that many different deadlines can't make one sweep each. */
const spacingMs = 5

/**
 * One timer for all deadlines of a connection. Requests come and go a thousand times between two sweeps and
 * cost nothing here: the timer stands at a lower bound of all deadlines, and the sweep that it starts looks
 * through what is open (which is bounded) and says when to look again.
 */
export class DeadlineTimer {
  readonly #clock: Clock
  readonly #sweep: (nowMs: number) => number
  #dueAt = Number.POSITIVE_INFINITY
  #cancel: (() => void) | undefined
  #stopped = false

  /** `sweep` handles what is due and returns the next deadline (Infinity for none). Monotonic times. */
  constructor(clock: Clock, sweep: (nowMs: number) => number) {
    this.#clock = clock
    this.#sweep = sweep
  }

  /** Makes sure that a sweep happens at `atMs` or soon after. */
  watch(atMs: number): void {
    if (atMs >= this.#dueAt || this.#stopped) return
    this.#cancel?.()
    this.#dueAt = atMs
    const waitMs = Math.max(spacingMs, Math.ceil(atMs - this.#clock.monotonicMs()))
    this.#cancel = this.#clock.after(waitMs, () => {
      this.#dueAt = Number.POSITIVE_INFINITY
      this.#cancel = undefined
      const next = this.#sweep(this.#clock.monotonicMs())
      if (next !== Number.POSITIVE_INFINITY) this.watch(next)
    })
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
    this.#cancel = undefined
  }
}
