import { covers } from '../clocks/causal-context.js'
import { coveredByVersions } from './key-state.js'
import { headsCoverAll } from './summary.js'
import { compareVersions, type Version } from './version.js'

/** The heads of a key at an earlier time. */
export interface HeadsAsOf {
  /** Newest first. */
  readonly heads: Version[]
  /** As `headsCoverAll`, of the versions of then. */
  readonly coverAll: boolean
}

/**
 * The heads among the versions with `createdAt` up to `at` (hybrid time), as if nothing had come after it.
 * What was removed since can't be shown: what it covered is a head again.
 */
export function headsAsOf(versions: Iterable<Version>, at: number): HeadsAsOf {
  const present: Version[] = []
  for (const version of versions) if (version.createdAt <= at) present.push(version)
  // The newest covers most: with it first, most joins find nothing to add.
  present.sort(compareVersions)
  const covered = coveredByVersions(present)
  const heads = present.filter(version => !covers(covered, version.dot))
  return { heads, coverAll: headsCoverAll({ heads, covered }) }
}
