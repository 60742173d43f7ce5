import { type CausalContext, covers } from '../clocks/causal-context.js'
import { compareDots, type Dot, dotText } from '../clocks/dot.js'
import type { Version } from './version.js'

/** Dots of the null versions among the versions that are held, in order: a new one finds them in any history at once. */
export type NullVersions = readonly Dot[]

export const noNullVersions: NullVersions = Object.freeze([])

export function nullVersionsOf(versions: Iterable<Version>): NullVersions {
  const dots: Dot[] = []
  for (const { isNull, dot } of versions) if (isNull === true) dots.push(dot)
  return dots.length === 0 ? noNullVersions : dots.sort(compareDots)
}

/** The same after `inserted` came and `removed` went. */
export function changedNullVersions(
  held: NullVersions,
  inserted: readonly Version[],
  removed: readonly Version[],
): NullVersions {
  const came = nullVersionsOf(inserted)
  const went = nullVersionsOf(removed)
  if (came.length === 0 && went.length === 0) return held
  const gone = new Set(went.map(dotText))
  const stays = held.filter(dot => !gone.has(dotText(dot)))
  if (came.length === 0 && stays.length === 0) return noNullVersions
  return [...stays, ...came].sort(compareDots)
}

/**
 * The null versions whose place a new one takes: those that it covers, of all that are known, by whomever they are held.
 * One that it does not cover stays beside it, until a null version covers both.
 */
export function replacedNullVersions(context: CausalContext, ...known: readonly NullVersions[]): Dot[] {
  const replaced = new Map<string, Dot>()
  for (const dots of known) for (const dot of dots) if (covers(context, dot)) replaced.set(dotText(dot), dot)
  return [...replaced.values()].sort(compareDots)
}
