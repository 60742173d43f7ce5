import type { Clock } from '@torc/protocol/environment/clock'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'

/** Longest time that one agent is waited for before another one is asked, in milliseconds. */
export const readAttemptMs = 3_000
/** The same for a write: to mint a second time costs more than patience. */
export const writeAttemptMs = 5_000
/** The same for a block, which takes its time on a slow network. */
export const blockAttemptMs = 10_000

/** When a call must be over. Cheap to make: it holds no timer. */
export class Deadline {
  readonly #clock: Clock
  readonly #endMs: number
  readonly signal: AbortSignal | undefined

  constructor(clock: Clock, timeoutMs: number | undefined, signal?: AbortSignal) {
    this.#clock = clock
    this.#endMs = clock.monotonicMs() + Math.min(timeoutMs ?? limits.requestMs, limits.requestMsMax)
    this.signal = signal
  }

  get remainingMs(): number {
    return this.#endMs - this.#clock.monotonicMs()
  }

  /** Time for one attempt of at most `attemptMs`, in whole milliseconds. TIMEOUT when none is left, CANCELLED when the caller gave up. */
  attempt(attemptMs: number): number {
    if (this.signal?.aborted === true)
      throw new TorcError('CANCELLED', 'the caller gave the request up', unsent)
    const remainingMs = this.remainingMs
    if (remainingMs < 1) throw new TorcError('TIMEOUT', 'the deadline of the request has passed', unsent)
    return Math.ceil(Math.min(remainingMs, attemptMs))
  }
}

/** Nothing has left for any agent: see `mayHaveActed`. */
const unsent = { details: { sent: false } }
