/** Time before attempt `failures + 1`, in milliseconds: doubles from `firstMs` to `mostMs`, half of it jitter. */
export function backoffMs(failures: number, fraction: number, firstMs = 100, mostMs = 5_000): number {
  const wholeMs = Math.min(mostMs, firstMs * 2 ** Math.min(failures, 30))
  return wholeMs / 2 + (wholeMs / 2) * fraction
}
