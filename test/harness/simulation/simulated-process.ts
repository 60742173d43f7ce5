import type { Clock } from '@torc/protocol/environment/clock'
import type { Safeguard } from '@torc/protocol/environment/safeguards'
import { type Environment, systemHasher } from '@torc/protocol/environment/system'
import type { Scheduler } from './scheduler.js'
import type { SeededRandom } from './seeded-random.js'

/** Wall-clock time at virtual time 0: 2026-01-01T00:00:00Z. */
const startOfTimeMs = 1_767_225_600_000
/** Node's shortest timer. */
const timerMsMin = 1

export interface SimulatedProcessOptions {
  /** Name of the machine: its address on the network and its name in the trace. */
  readonly name: string
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  /** How far its wall clock is off, milliseconds. */
  readonly clockSkewMs?: number
  /** A rule that its code does without. */
  readonly without?: Safeguard | undefined
}

/**
 * One life of a process: what production code gets injected. `kill` ends it at once: no timer of it fires any more
 * and no callback reaches it; whatever it waited for never comes. A restart is a new `SimulatedProcess`.
 */
export class SimulatedProcess {
  readonly name: string
  readonly environment: Environment
  /** Draws of this life. */
  readonly random: SeededRandom
  readonly #scheduler: Scheduler
  readonly #atDeath: (() => void)[] = []
  #alive = true

  constructor(options: SimulatedProcessOptions) {
    const { name, scheduler, random, clockSkewMs = 0, without } = options
    this.name = name
    this.random = random
    this.#scheduler = scheduler
    const clock: Clock = {
      nowMs: () => Math.floor(startOfTimeMs + scheduler.nowMs + clockSkewMs),
      monotonicMs: () => scheduler.nowMs,
      after: (ms, callback) => this.schedule(Math.max(timerMsMin, ms), 'timer', callback),
      soon: callback => void this.schedule(0, 'soon', callback),
    }
    this.environment = Object.freeze({ clock, random, hasher: systemHasher, without })
  }

  get alive(): boolean {
    return this.#alive
  }

  /** Lets `action` happen in this process in `delayMs`, unless it is dead by then. */
  schedule(delayMs: number, what: string, action: () => void): () => void {
    return this.#scheduler.schedule(delayMs, `${this.name} ${what}`, () => {
      if (this.#alive) action()
    })
  }

  /** Resolves after virtual `ms`, or never when the process dies before. */
  pause(ms: number, what: string): Promise<void> {
    return new Promise(resolve => void this.schedule(ms, what, resolve))
  }

  /** Runs `action` when the process is killed; in order of registration. */
  onDeath(action: () => void): void {
    this.#atDeath.push(action)
  }

  kill(): void {
    if (!this.#alive) return
    this.#alive = false
    this.#scheduler.record(`${this.name} killed`)
    for (const action of this.#atDeath) action()
  }
}
