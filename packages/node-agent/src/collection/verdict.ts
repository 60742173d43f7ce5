import type { OperationState } from '../leases/operation.js'

export interface AuditTimes {
  /** From an audit that found the version to the next one, about. */
  readonly auditEveryMs: number
  /** The same where it found an intent or a hint, or an agent was silent. */
  readonly auditAgainMs: number
}

/**
 * What an audit found: an owner has the version; somebody has an intent, or holds the version for an owner, which may
 * know already that it was purged; somebody was silent; or nobody knows the operation.
 */
export type Verdict = 'version' | 'intent' | 'hint' | 'silence' | 'none'

/** Any yes and any silence keeps a lease. Pure. */
export function verdictOf(states: readonly OperationState[], silence: boolean): Verdict {
  if (states.includes('version')) return 'version'
  if (states.includes('intent')) return 'intent'
  // A key without owners cannot be judged: nobody has said no.
  return silence || states.length === 0 ? 'silence' : 'none'
}

/** When the lease is audited again: spread by its operation, so that many leases of one hour do not come together. */
export function nextAuditMs(nowMs: number, verdict: Verdict, times: AuditTimes, opId: Uint8Array): number {
  const spread = 0.9 + ((opId[0] ?? 0) / 255) * 0.2
  const waitMs = verdict === 'version' ? times.auditEveryMs : times.auditAgainMs
  return Math.round(nowMs + waitMs * spread)
}
