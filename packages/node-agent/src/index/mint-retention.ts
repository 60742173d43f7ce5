import { emptyContext } from '@torc/cluster/clocks/causal-context'
import { countToPrune } from '@torc/cluster/retention/count-to-prune'
import { type LiveReport, oldestWanted, prunedMax } from '@torc/cluster/retention/live-report'
import { policyInForce, type RetentionPolicy } from '@torc/cluster/retention/policy'
import { type Attributes, mergeAttributes, noAttributes } from '@torc/cluster/state/attributes'
import { digestsEqual } from '@torc/cluster/state/digest'
import type { MintInput } from '@torc/cluster/state/key-summary'
import type { KeyRows } from './key-rows.js'
import type { KnownKey } from './key-writer.js'
import { emptyReport, liveReport } from './oldest-versions.js'

/** What a mint is told about older versions. */
export interface MintRetention {
  /** The bucket's. */
  readonly policy: RetentionPolicy | undefined
  /** Of the other owners that the clock read asked. */
  readonly live: readonly LiveReport[]
  /** Registers of the key that they hold: a policy that this agent missed counts. */
  readonly attributes: Attributes
}

/** The part of a mint's request that decides about older versions. */
export interface MintIntent {
  readonly retention: MintRetention | undefined
  readonly setPolicy: RetentionPolicy | 'inherit' | undefined
  /** It covers just what a client's context shows. */
  readonly exact: boolean
}

/**
 * What planning a mint needs to know of the versions that may go with it. Undefined where none may, which is found
 * out without a look at the disk.
 */
export function retentionOf(
  rows: KeyRows,
  known: KnownKey | undefined,
  { retention: given, setPolicy, exact }: MintIntent,
): MintInput['retention'] {
  const own = known?.summary.attributes ?? noAttributes
  if (given === undefined && setPolicy === undefined && own.size === 0) return undefined
  const policy = policyInForce(setPolicy, joined(own, given), given?.policy)
  if (policy.kind === 'all') return undefined
  const live = given?.live ?? []
  if (known === undefined) return { policy, reports: [emptyReport, ...live] }
  return { policy, reports: [liveReport(rows, known, ownWanted(policy, known, live, exact)), ...live] }
}

/**
 * How many of its own oldest versions count. A plain write covers all that is here, so that just the oldest go; one
 * with a client's context covers less. Where the others hold something else, more is told to compare it with.
 */
function ownWanted(
  policy: RetentionPolicy,
  { summary }: KnownKey,
  live: readonly LiveReport[],
  exact: boolean,
): number {
  const { versionCount, heads, digest } = summary
  const same = live.every(report => digestsEqual(report.digest, digest))
  if (!same || (exact && live.length === 0)) {
    return oldestWanted(policy, versionCount, ...live.map(report => report.versionCount))
  }
  const going = countToPrune(policy, versionCount)
  return going === 0 ? 0 : Math.min(versionCount, prunedMax, going + (exact ? heads.length : 0))
}

function joined(own: Attributes, given: MintRetention | undefined): Attributes {
  if (given === undefined || given.attributes.size === 0) return own
  return mergeAttributes(own, given.attributes, emptyContext, () => true)
}
