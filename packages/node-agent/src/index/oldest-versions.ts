import { emptyContext } from '@torc/cluster/clocks/causal-context'
import { type Dot, dotsEqual } from '@torc/cluster/clocks/dot'
import { compareAge, type LiveReport, type LiveVersion } from '@torc/cluster/retention/live-report'
import { emptyDigest } from '@torc/cluster/state/digest'
import type { KeyRows } from './key-rows.js'
import type { KnownKey } from './key-writer.js'

/** Of a key that is not known. */
export const emptyReport: LiveReport = {
  context: emptyContext,
  digest: emptyDigest,
  versionCount: 0,
  oldest: [],
}

/**
 * What a retention policy is decided on: how many versions there are, and about the `wanted` oldest of them, so that
 * nothing that is older than the last of a report is missing from it: a time that does not fit whole is left out.
 */
export function liveReport(rows: KeyRows, known: KnownKey, wanted: number): LiveReport {
  const { context, digest, heads, versionCount } = known.summary
  const latest = heads[0]
  if (wanted <= 0 || latest === undefined) return { context, digest, versionCount, oldest: [] }
  const found = rows.oldest(known.id, wanted + 1)
  const leftOut = found.length > wanted ? found[wanted]?.[2] : undefined
  const older = leftOut === undefined ? found : found.filter(([, , createdAt]) => createdAt < leftOut)
  // So many of one time that none fits whole: some of them, then.
  const told = older.length > 0 ? older : found.slice(0, wanted)
  const isHead = (dot: Dot): boolean => heads.some(head => dotsEqual(head.dot, dot))
  const oldest: LiveVersion[] = told.map(([actor, counter, createdAt]) => {
    const dot = { actor, counter }
    return { dot, createdAt, head: isHead(dot) }
  })
  // The latest head has no row of its own; it is nearly always the newest version.
  if (leftOut === undefined || latest.createdAt < leftOut) {
    oldest.push({ dot: latest.dot, createdAt: latest.createdAt, head: true })
  }
  oldest.sort(compareAge)
  return { context, digest, versionCount, oldest: oldest.slice(0, wanted) }
}
