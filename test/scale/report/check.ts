import type { Cost, Quantity } from '../traffic/cost.js'

/** One line of the report. */
export interface Check {
  readonly operation: string
  readonly quantity: Quantity | 'peakMemory' | 'keysListed' | 'versions' | 'parts' | 'rowsPerPrefix'
  /** What it is compared with; undefined where an absolute limit holds. */
  readonly short: number | undefined
  /** Undefined where the system does not tell it. */
  readonly long: number | undefined
  readonly ratio: number | undefined
  /** Of the ratio, or, where there is none, of the value; undefined where it is only told. */
  readonly limit: { readonly min?: number; readonly max?: number } | undefined
  /** Undefined where nothing is asked, or nothing could be measured. */
  readonly ok: boolean | undefined
}

/** A long history or a full bucket may cost so much more or less than a short or small one. */
export const toleratedShare = 0.1

/** Compares two costs; the quantities in `limited` must be the same within the tolerated share, the others are told. */
export function compareCosts(
  operation: string,
  { short, long }: { readonly short: Cost; readonly long: Cost },
  limited: readonly Quantity[],
): Check[] {
  const told: readonly Quantity[] = ['rowsRead', 'rowsWritten', 'clientBytes', 'agentBytes', 'milliseconds']
  return told
    .filter(quantity => limited.includes(quantity) || short[quantity] > 0 || long[quantity] > 0)
    .map(quantity =>
      compareValues(operation, quantity, short[quantity], long[quantity], limited.includes(quantity)),
    )
}

export function compareValues(
  operation: string,
  quantity: Check['quantity'],
  short: number,
  long: number,
  limited: boolean,
): Check {
  // Nothing on both sides is the same; something beside nothing is beyond every bound.
  const ratio = short === long ? 1 : long / short
  const min = 1 - toleratedShare
  const max = 1 + toleratedShare
  const limit = limited ? { min, max } : undefined
  return {
    operation,
    quantity,
    short,
    long,
    ratio,
    limit,
    ok: limited ? ratio >= min && ratio <= max : undefined,
  }
}

/** A value that must not be above `max`. */
export function atMost(
  operation: string,
  quantity: Check['quantity'],
  value: number | undefined,
  max: number | undefined,
): Check {
  const ok = value === undefined || max === undefined ? undefined : value <= max
  const limit = max === undefined ? undefined : { max }
  return { operation, quantity, short: undefined, long: value, ratio: undefined, limit, ok }
}

export function exactly(
  operation: string,
  quantity: Check['quantity'],
  value: number,
  expected: number,
): Check {
  const limit = { min: expected, max: expected }
  return {
    operation,
    quantity,
    short: undefined,
    long: value,
    ratio: undefined,
    limit,
    ok: value === expected,
  }
}
