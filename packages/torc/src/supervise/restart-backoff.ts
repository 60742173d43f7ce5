/** How long a process must have run for its next failure to count as the first again, milliseconds. */
export const steadyMs = 30_000
export const firstDelayMs = 100
export const delayMsMax = 10_000

/**
 * Delay before a process that ended is started again: 0.1 s, doubling to 10 s while it keeps failing soon
 * after its start.
 */
export class RestartBackoff {
  #failures = 0

  /** Says that the process ended after `ranMs`; milliseconds to wait. */
  nextDelayMs(ranMs: number): number {
    if (ranMs >= steadyMs) this.#failures = 0
    this.#failures += 1
    return Math.min(delayMsMax, firstDelayMs * 2 ** (this.#failures - 1))
  }
}
