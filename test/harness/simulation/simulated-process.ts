import type { Clock } from '@torc/protocol/environment/clock'
import type { Safeguard } from '@torc/protocol/environment/safeguards'
import { type Environment, systemHasher } from '@torc/protocol/environment/system'
import type { Scheduler } from './scheduler.js'
import type { SeededRandom } from './seeded-random.js'

/** Wall-clock time at virtual time 0: 2026-01-01T00:00:00Z. */
const startOfTimeMs = 1_767_225_600_000
/** A turn of the event loop takes a while, in which requests arrive: what waits for the next one is not alone in it. */
export const usualTurnMs = 0.3
/** Node's shortest timer. */
const timerMsMin = 1

/** How far a machine's wall clock is off. It outlives the machine's processes, and faults change it. */
export interface ClockSkew {
  ms: number
}

export interface SimulatedProcessOptions {
  /** Name of the machine: its address on the network and its name in the trace. */
  readonly name: string
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  readonly skew?: ClockSkew
  /** A rule that its code does without. */
  readonly without?: Safeguard | undefined
}

/**
 * One life of a process: what production code gets injected. `kill` ends it at once: no timer of it fires any more
 * and no callback reaches it; whatever it waited for never comes. A restart is a new `SimulatedProcess`. Whoever calls
 * back into its code does so through `enter`.
 */
export class SimulatedProcess {
  readonly name: string
  readonly environment: Environment
  /** Draws of this life. */
  readonly random: SeededRandom
  /** Longest turn of its event loop, in virtual milliseconds; commits that wait for a slow disk make it longer. */
  turnMsMax = usualTurnMs
  readonly #scheduler: Scheduler
  readonly #atDeath: (() => void)[] = []
  #alive = true
  /** What was to happen while the process did not run. */
  #stopped: (() => void)[] | undefined
  /** Steps until the end, where one is planned. */
  #stepsLeft = Number.POSITIVE_INFINITY
  #atLastStep: () => void = () => {}

  constructor(options: SimulatedProcessOptions) {
    const { name, scheduler, random, skew = { ms: 0 }, without } = options
    this.name = name
    this.random = random
    this.#scheduler = scheduler
    const turns = random.fork('turns')
    const clock: Clock = {
      nowMs: () => Math.floor(startOfTimeMs + scheduler.nowMs + skew.ms),
      monotonicMs: () => scheduler.nowMs,
      after: (ms, callback) => this.schedule(Math.max(timerMsMin, ms), 'timer', callback),
      soon: callback => void this.schedule(turns.fraction() * this.turnMsMax, 'soon', callback),
    }
    this.environment = Object.freeze({ clock, random, hasher: systemHasher, without })
  }

  get alive(): boolean {
    return this.#alive
  }

  /** Runs `action` in this process now, or once it runs again where it is stopped; never when it is dead. */
  enter(action: () => void): void {
    if (!this.#alive) return
    if (this.#stopped !== undefined) {
      this.#stopped.push(action)
      return
    }
    if (this.#stepsLeft-- > 0) action()
    else this.#atLastStep()
  }

  /** Lets `action` happen in this process in `delayMs`, unless it is dead by then. */
  schedule(delayMs: number, what: string, action: () => void): () => void {
    let cancelled = false
    const cancel = this.#scheduler.schedule(delayMs, `${this.name} ${what}`, () =>
      this.enter(() => {
        if (!cancelled) action()
      }),
    )
    return () => {
      cancelled = true
      cancel()
    }
  }

  /** Resolves after virtual `ms`, or never when the process dies before. */
  pause(ms: number, what: string): Promise<void> {
    return new Promise(resolve => void this.schedule(ms, what, resolve))
  }

  /** Runs `action` when the process is killed; in order of registration. */
  onDeath(action: () => void): void {
    this.#atDeath.push(action)
  }

  /** From now on nothing happens in it, as after SIGSTOP, until `resume`: its sockets take what comes. */
  stop(): void {
    this.#stopped ??= []
    this.#scheduler.record(`${this.name} stopped`)
  }

  resume(): void {
    const waiting = this.#stopped ?? []
    this.#stopped = undefined
    for (const action of waiting)
      this.#scheduler.schedule(0, `${this.name} goes on`, () => this.enter(action))
  }

  /** Calls `end` instead of the step after the next `steps`: where much happens, that comes soon. */
  afterSteps(steps: number, end: () => void): void {
    this.#stepsLeft = steps
    this.#atLastStep = () => {
      this.#stepsLeft = Number.POSITIVE_INFINITY
      end()
    }
  }

  kill(): void {
    if (!this.#alive) return
    this.#alive = false
    this.#scheduler.record(`${this.name} killed`)
    for (const action of this.#atDeath) action()
  }
}
