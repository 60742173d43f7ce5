import { type CausalContext, covers, isSubset, joinContexts } from '../clocks/causal-context.js'
import { coveredByVersions } from './key-state.js'
import { changedNullVersions } from './null-versions.js'
import type { KeySummary } from './summary.js'
import { compareVersions, type Version } from './version.js'

/** The part of a summary that follows from the versions held. */
export type VersionFacts = Pick<
  KeySummary,
  'covered' | 'heads' | 'versionCount' | 'maxSeq' | 'newest' | 'nulls'
>

/**
 * The facts after `inserted` came and `removed` went. `kept` are the versions that stay, or how to get them:
 * they are read only where what was removed could have been the sole cover of another version, or the
 * newest.
 */
export function changeVersions(
  old: KeySummary,
  inserted: readonly Version[],
  removed: readonly Version[],
  kept: readonly Version[] | (() => readonly Version[]),
): VersionFacts {
  if (inserted.length === 0 && removed.length === 0) return old
  const remaining = removed.length === 0 ? old.heads : old.heads.filter(head => !holdsDot(removed, head))
  const versionCount = old.versionCount + inserted.length - removed.length
  const nulls = changedNullVersions(old.nulls, inserted, removed)
  if (removed.length > 0 && !stillSupported([...remaining, ...inserted], removed)) {
    const all = [...(typeof kept === 'function' ? kept() : kept), ...inserted]
    const covered = coveredByVersions(all)
    const heads = newestFirst(uncovered(all, covered))
    return { covered, heads, versionCount, nulls, ...greatest(all, 0, 0) }
  }
  const added = coveredByVersions(inserted)
  const covered = joinContexts(old.covered, added)
  const heads = [...uncovered(remaining, added), ...uncovered(inserted, covered)]
  const times = greatest(inserted, old.maxSeq, old.newest)
  return { covered, heads: newestFirst(heads), versionCount, nulls, ...times }
}

/** Whether `survivors` alone cover all that `removed` covered, and are as new. */
function stillSupported(survivors: readonly Version[], removed: readonly Version[]): boolean {
  const support = coveredByVersions(survivors)
  const { maxSeq, newest } = greatest(survivors, 0, 0)
  return removed.every(
    gone => gone.seq <= maxSeq && gone.createdAt <= newest && isSubset(gone.context, support),
  )
}

function greatest(
  versions: Iterable<Version>,
  maxSeq: number,
  newest: number,
): { maxSeq: number; newest: number } {
  let seq = maxSeq
  let time = newest
  for (const version of versions) {
    if (version.seq > seq) seq = version.seq
    if (version.createdAt > time) time = version.createdAt
  }
  return { maxSeq: seq, newest: time }
}

function uncovered(versions: readonly Version[], covered: CausalContext): Version[] {
  return versions.filter(version => !covers(covered, version.dot))
}

function newestFirst(heads: Version[]): Version[] {
  return heads.length < 2 ? heads : heads.sort(compareVersions)
}

function holdsDot(versions: readonly Version[], wanted: Version): boolean {
  return versions.some(({ dot }) => dot.counter === wanted.dot.counter && dot.actor === wanted.dot.actor)
}
