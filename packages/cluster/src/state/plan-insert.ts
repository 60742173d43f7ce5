import { addDot, covers, joinContexts } from '../clocks/causal-context.js'
import { digestOfContext, digestOfDot, xorInto } from './digest.js'
import { changedNullVersions } from './null-versions.js'
import type { KeySummary } from './summary.js'
import { compareVersions, type Version } from './version.js'

/**
 * The summary after one version came that the context did not cover, with nothing but its own dot: what
 * nearly every write is. Nothing is removed, so nothing but the summary is looked at.
 */
export function summaryAfterInsert(old: KeySummary, version: Version): KeySummary {
  const { dot, after } = version
  const context = addDot(old.context, dot, after)
  const covered = joinContexts(old.covered, version.context)
  const digest = new Uint8Array(old.digest)
  xorInto(digest, digestOfContext(old.context))
  xorInto(digest, digestOfContext(context))
  xorInto(digest, digestOfDot(dot))
  return {
    context,
    covered,
    closed: joinContexts(context, covered),
    heads: headsAfterInsert(old, version),
    versionCount: old.versionCount + 1,
    digest,
    maxSeq: Math.max(old.maxSeq, version.seq),
    newest: Math.max(old.newest, version.createdAt),
    attributes: old.attributes,
    nulls: version.isNull === true ? changedNullVersions(old.nulls, [version], []) : old.nulls,
  }
}

function headsAfterInsert(old: KeySummary, version: Version): readonly Version[] {
  let waiting = !covers(old.covered, version.dot)
  const heads: Version[] = []
  for (const head of old.heads) {
    if (covers(version.context, head.dot)) continue
    if (waiting && compareVersions(version, head) < 0) {
      heads.push(version)
      waiting = false
    }
    heads.push(head)
  }
  if (waiting) heads.push(version)
  return heads
}
