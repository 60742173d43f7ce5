import { emptyContext } from '@torc/cluster/clocks/causal-context'
import { type LiveReport, oldestWanted } from '@torc/cluster/retention/live-report'
import { policyInForce, type RetentionPolicy } from '@torc/cluster/retention/policy'
import { type Attributes, mergeAttributes, noAttributes } from '@torc/cluster/state/attributes'
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
  const others = live.map(report => report.versionCount)
  const wanted = oldestWanted(policy, known.summary.versionCount, ...others)
  return { policy, reports: [liveReport(rows, known, wanted), ...live] }
}

function joined(own: Attributes, given: MintRetention | undefined): Attributes {
  if (given === undefined || given.attributes.size === 0) return own
  return mergeAttributes(own, given.attributes, emptyContext, () => true)
}
