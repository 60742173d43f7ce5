import { type CausalContext, emptyContext, isSubset, joinContexts } from '../clocks/causal-context.js'
import { type Attributes, noAttributes } from './attributes.js'
import { emptyDigest } from './digest.js'
import { coveredByVersions, headsOf, type KeyState, stateDigest } from './key-state.js'
import { type NullVersions, noNullVersions, nullVersionsOf } from './null-versions.js'
import type { Version } from './version.js'

/**
 * What an agent keeps ready per key, so that reads and writes of a key with a long history cost no more
 * than of one with a short history. It follows from the key state; the planners keep it in step.
 */
export interface KeySummary {
  readonly context: CausalContext
  /** Join of the contexts of all versions held. A version is a head when this does not cover it. */
  readonly covered: CausalContext
  /** `context` joined with `covered`: what tokens and clock reads carry. */
  readonly closed: CausalContext
  /** Newest first. */
  readonly heads: readonly Version[]
  readonly versionCount: number
  readonly digest: Uint8Array
  /** Greatest `seq` of the versions held; 0 when there are none. */
  readonly maxSeq: number
  /** Greatest `createdAt` of the versions held; 0 when there are none. */
  readonly newest: number
  readonly attributes: Attributes
  /** Null versions among those that are held. */
  readonly nulls: NullVersions
}

export const emptySummary: KeySummary = Object.freeze({
  context: emptyContext,
  covered: emptyContext,
  closed: emptyContext,
  heads: [],
  versionCount: 0,
  digest: emptyDigest,
  maxSeq: 0,
  newest: 0,
  attributes: noAttributes,
  nulls: noNullVersions,
})

/**
 * Whether the heads alone cover all that any version covers. It is so wherever tokens are closed, but not after
 * another replica's write covered a version of which it had seen no more than the dot. Where it holds, the loss of
 * versions below the heads makes no new head, so that heads can be judged without the history.
 */
export function headsCoverAll({ heads, covered }: Pick<KeySummary, 'heads' | 'covered'>): boolean {
  return isSubset(covered, coveredByVersions(heads))
}

/** The summary of a whole state, made from scratch. */
export function summaryOf(state: KeyState): KeySummary {
  const covered = coveredByVersions(state.versions.values())
  let maxSeq = 0
  let newest = 0
  for (const version of state.versions.values()) {
    maxSeq = Math.max(maxSeq, version.seq)
    newest = Math.max(newest, version.createdAt)
  }
  return {
    context: state.context,
    covered,
    closed: joinContexts(state.context, covered),
    heads: headsOf(state.versions.values()),
    versionCount: state.versions.size,
    digest: stateDigest(state),
    maxSeq,
    newest,
    attributes: state.attributes,
    nulls: nullVersionsOf(state.versions.values()),
  }
}
