import { encodeLiveReport, oldestWanted } from '@torc/cluster/retention/live-report'
import { policyOf } from '@torc/cluster/retention/policy'
import type { KnownKey } from '../index/key-writer.js'
import { emptyReport, liveReport } from '../index/oldest-versions.js'
import type { AgentContext } from './agent-context.js'
import { bucketPolicy } from './policy-field.js'

/**
 * The oldest versions, where the key's own policy or else the bucket's limits them; undefined where none does. A key's
 * own policy that says `all` may be an old one: where the bucket's limits versions, the minter is told all the same.
 */
export function encodedReport(
  agent: AgentContext,
  known: KnownKey | undefined,
  policyText: string | undefined,
): Uint8Array | undefined {
  const attributes = known?.summary.attributes
  if (policyText === undefined && (attributes === undefined || attributes.size === 0)) return undefined
  const own = attributes === undefined ? undefined : policyOf(attributes)
  const bucket = bucketPolicy(policyText)
  const policy = own === undefined || own.kind === 'all' ? bucket : own
  if (policy === undefined || policy.kind === 'all') return undefined
  if (known === undefined) return encodeLiveReport(emptyReport)
  return encodeLiveReport(
    liveReport(agent.index.rows, known, oldestWanted(policy, known.summary.versionCount)),
  )
}
