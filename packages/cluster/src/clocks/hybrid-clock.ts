import type { Clock } from '@torc/protocol/environment/clock'
import { TorcError } from '@torc/protocol/errors'

export interface HybridClockOptions {
  /** How far the clock may run ahead of the own wall clock, in milliseconds. */
  readonly maxAheadMs?: number
}

/**
 * Hybrid logical clock (Kulkarni et al. 2014) as one safe integer: microseconds since 1970, follows the
 * wall clock and never falls behind what it issued or saw. A time is `max(wall, last + 1, seen + 1)`.
 */
export class HybridClock {
  readonly #clock: Clock
  readonly #maxAhead: number
  /** Greatest time issued or adopted. */
  #last = 0

  constructor(clock: Clock, options: HybridClockOptions = {}) {
    this.#clock = clock
    this.#maxAhead = (options.maxAheadMs ?? 60_000) * 1000
  }

  /** The next time, strictly rising, also while the wall clock stands still or goes back. */
  now(): number {
    this.#last = Math.max(this.#wall(), this.#last + 1)
    return this.#last
  }

  /** What it stands at: nothing that was issued or seen is later. Uses nothing up, and may come again. */
  get latest(): number {
    return Math.max(this.#wall(), this.#last)
  }

  /**
   * Takes note of a time that a message carried. One further ahead of the own wall clock than the bound is
   * ignored: a peer with a wrong clock must not drag the others along.
   */
  observe(time: number): void {
    if (time > this.#last && time <= this.#wall() + this.#maxAhead) this.#last = time
  }

  /**
   * A version's time: strictly above `above` (what the version covers) and everything seen. Throws
   * CLOCK_SKEW when that is further ahead of the wall clock than the bound; nothing is used up then.
   */
  mintTime(above: number): number {
    const wall = this.#wall()
    const time = Math.max(wall, this.#last + 1, above + 1)
    if (time > wall + this.#maxAhead) {
      const aheadSeconds = Math.round((time - wall) / 1_000_000)
      throw new TorcError(
        'CLOCK_SKEW',
        `this agent's clock is ${aheadSeconds} s behind times that are in use`,
      )
    }
    this.#last = time
    return time
  }

  #wall(): number {
    return Math.floor(this.#clock.nowMs() * 1000)
  }
}

/** The wall-clock part, to the millisecond. */
export function hybridToDate(time: number): Date {
  return new Date(Math.floor(time / 1000))
}
