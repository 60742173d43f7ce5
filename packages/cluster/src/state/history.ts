import {
  actorsOf,
  type CausalContext,
  covers,
  intervalsOf,
  isEmptyContext,
  subtractContexts,
} from '../clocks/causal-context.js'
import type { ActorId } from '../clocks/dot.js'
import { coveredByVersions } from './key-state.js'
import { compareVersions, contextAfterWrite, type Version } from './version.js'

/**
 * Parents of each version: those that it covers and that no other version that it covers does. By id, newest
 * first; twins (two dots of one operation) count as one version. In a history without siblings each look-up
 * finds its one parent at once, whatever its length.
 */
export function parentsOf(versionsNewestFirst: readonly Version[]): ReadonlyMap<string, readonly string[]> {
  const held = new HeldVersions(versionsNewestFirst)
  const parents = new Map<string, string[]>()
  for (const version of versionsNewestFirst) {
    const ids = parents.get(version.id) ?? []
    for (const { id } of directlyCovered(version, held)) {
      if (id !== version.id && !ids.includes(id)) ids.push(id)
    }
    parents.set(version.id, ids)
  }
  return parents
}

function directlyCovered(version: Version, held: HeldVersions): Version[] {
  const found: Version[] = []
  let rest = version.context
  while (!isEmptyContext(rest)) {
    const newest = held.newestIn(rest)
    if (newest === undefined) break
    found.push(newest)
    rest = subtractContexts(rest, contextAfterWrite(newest))
  }
  if (found.length < 2) return found
  // Where clocks did not rise with causality, an earlier find may lie below a later one.
  const covered = coveredByVersions(found)
  return found.filter(one => !covers(covered, one.dot))
}

/** Versions by actor in the order of their counters. */
class HeldVersions {
  readonly #byActor = new Map<ActorId, Version[]>()

  constructor(versions: readonly Version[]) {
    for (const version of versions) {
      const list = this.#byActor.get(version.dot.actor)
      if (list === undefined) this.#byActor.set(version.dot.actor, [version])
      else list.push(version)
    }
    for (const list of this.#byActor.values()) list.sort((a, b) => a.dot.counter - b.dot.counter)
  }

  /** The newest version that the context covers. An actor's counters rise with its clock. */
  newestIn(context: CausalContext): Version | undefined {
    let newest: Version | undefined
    for (const actor of actorsOf(context)) {
      const last = this.#lastIn(context, actor)
      if (last !== undefined && (newest === undefined || compareVersions(last, newest) < 0)) newest = last
    }
    return newest
  }

  #lastIn(context: CausalContext, actor: ActorId): Version | undefined {
    const list = this.#byActor.get(actor)
    if (list === undefined) return undefined
    const intervals = intervalsOf(context, actor)
    for (let i = intervals.length - 1; i >= 0; i--) {
      const [after, upTo] = intervals[i] ?? [0, 0]
      const last = list[countUpTo(list, upTo) - 1]
      if (last !== undefined && last.dot.counter > after) return last
    }
    return undefined
  }
}

/** How many of the sorted versions have a counter up to `counter`. */
function countUpTo(sorted: readonly Version[], counter: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle]?.dot.counter ?? 0) <= counter) low = middle + 1
    else high = middle
  }
  return low
}
