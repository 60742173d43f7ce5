/** What one part of a run measured; names of figures end with their unit. */
export interface Finding {
  readonly phase: string
  readonly figures: Readonly<Record<string, number>>
}

/** The middle value; the lower of the two middle ones of an even count. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[(values.length - 1) >> 1] ?? Number.NaN
}
