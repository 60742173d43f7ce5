/** Bounds of the wait between attempts, milliseconds. */
export const backoff = Object.freeze({ firstMs: 50, maxMs: 3_000 })

/**
 * Exponential backoff with "equal jitter": half of the doubled span is fixed, half is random, so that
 * clients that lost the same server do not return in step. `attempt` counts from 1, `fraction` is in [0, 1).
 */
export function backoffMs(attempt: number, fraction: number): number {
  const span = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(attempt - 1, 16))
  return span / 2 + (span / 2) * fraction
}
