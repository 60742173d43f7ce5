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

/**
 * What planning a mint needs to know of the versions that may go with it. Undefined where none may, which is found
 * out without a look at the disk.
 */
export function retentionOf(
  rows: KeyRows,
  known: KnownKey | undefined,
  given: MintRetention | undefined,
  setPolicy: RetentionPolicy | 'inherit' | undefined,
): MintInput['retention'] {
  const own = known?.summary.attributes ?? noAttributes
  if (given === undefined && setPolicy === undefined && own.size === 0) return undefined
  const policy = policyInForce(setPolicy, joined(own, given), given?.policy)
  if (policy.kind === 'all') return undefined
  const live = given?.live ?? []
  if (known === undefined) return { policy, reports: [emptyReport, ...live] }
  return { policy, reports: [liveReport(rows, known, ownWanted(policy, known, live)), ...live] }
}

/**
 * How many of its own oldest versions count. Where all others hold the same (or there are none), what goes is the
 * oldest here, but for heads that the new version does not cover.
 */
function ownWanted(policy: RetentionPolicy, { summary }: KnownKey, live: readonly LiveReport[]): number {
  const { versionCount, heads, digest } = summary
  if (!live.every(report => digestsEqual(report.digest, digest))) {
    return oldestWanted(policy, versionCount, ...live.map(report => report.versionCount))
  }
  const going = countToPrune(policy, versionCount)
  return going === 0 ? 0 : Math.min(versionCount, prunedMax, going + heads.length)
}

function joined(own: Attributes, given: MintRetention | undefined): Attributes {
  if (given === undefined || given.attributes.size === 0) return own
  return mergeAttributes(own, given.attributes, emptyContext, () => true)
}
