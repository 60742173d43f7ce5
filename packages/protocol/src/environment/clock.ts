/** Time, injected so that a whole cluster can run on virtual time. */
export interface Clock {
  /** Wall-clock time, milliseconds since 1970 (may jump). */
  nowMs(): number
  /** Monotonic time in milliseconds, for deadlines and durations. */
  monotonicMs(): number
  /** Runs `callback` once after `ms`; the returned function cancels it. */
  after(ms: number, callback: () => void): () => void
  /** Runs `callback` soon, after the input that is already waiting (`setImmediate`). */
  soon(callback: () => void): void
}
