import { TorcError } from '@torc/protocol/errors'
import {
  addDot,
  type CausalContext,
  contextOfDot,
  contextOfDots,
  covers,
  emptyContext,
  encodeContext,
  intervalsOf,
  joinContexts,
} from '../clocks/causal-context.js'
import type { Dot } from '../clocks/dot.js'
import type { LiveReport } from '../retention/live-report.js'
import { planPruning } from '../retention/plan-pruning.js'
import type { RetentionPolicy } from '../retention/policy.js'
import { type NullVersions, replacedNullVersions } from '../state/null-versions.js'
import type { Version } from '../state/version.js'
import { encodeVersion } from '../state/version-codec.js'
import type { ProposedVersion } from './proposal.js'

/** What must hold of a key for a write to take place (RFC 9110 §13.1). */
export type Condition =
  /** There is no object: no head, or delete markers alone (`If-None-Match: *`). */
  | { readonly kind: 'absent' }
  /** A head is this version: its id, a unique beginning of it, or its etag (`If-Match`). */
  | { readonly kind: 'match'; readonly tag: string }
  /** The heads are just these, by their ids: nothing has changed since they were read. */
  | { readonly kind: 'unchanged'; readonly heads: readonly string[] }

/** What a majority of a key's owners hold together, and agents that keep hints of it. */
export interface ConditionBase {
  /** Newest first. */
  readonly heads: readonly Version[]
  /** Closed. */
  readonly context: CausalContext
  /** Greatest `createdAt` and `seq`. */
  readonly newest: number
  readonly seq: number
}

/** What the write covers, where its condition holds. */
export interface Covered {
  readonly context: CausalContext
  /** Greatest `seq` of what is covered. */
  readonly seq: number
}

/**
 * Judges a condition: what the write covers, or undefined where it may not take place. Where nothing is to be there, all
 * that was removed is covered; where a version is named, just that and what it covers, so that its siblings stay; where
 * nothing has changed, everything.
 */
export function judge(condition: Condition, base: ConditionBase): Covered | undefined {
  if (condition.kind === 'absent') {
    if (base.heads.some(({ kind }) => kind === 'object')) return undefined
    return { context: base.context, seq: base.seq }
  }
  if (condition.kind === 'unchanged') {
    const { context, seq } = base
    return sameIds(base.heads, condition.heads) ? { context, seq } : undefined
  }
  const named = headsNamed(base.heads, condition.tag)
  if (named.length === 0) return undefined
  let context = emptyContext
  for (const head of named) context = joinContexts(context, addDot(head.context, head.dot, head.after))
  return { context, seq: Math.max(...named.map(({ seq }) => seq)) }
}

function sameIds(heads: readonly Version[], ids: readonly string[]): boolean {
  const there = new Set(heads.map(({ id }) => id))
  return there.size === ids.length && ids.every(id => there.has(id))
}

/** Two dots of one operation are one version to its reader; siblings of the same content have one etag. */
function headsNamed(heads: readonly Version[], tag: string): Version[] {
  const live = heads.filter(({ kind }) => kind === 'object')
  const exact = live.filter(({ id, etag }) => id === tag || etag === tag)
  if (exact.length > 0 || tag === '') return exact
  const begun = live.filter(({ id }) => id.startsWith(tag))
  return new Set(begun.map(({ id }) => id)).size > 1 ? [] : begun
}

/** Why a condition failed, for people. CONDITION_FAILED. */
export function conditionFailed(condition: Condition, heads: readonly Version[]): TorcError {
  const live = heads.filter(({ kind }) => kind === 'object')
  const details = { heads: live.map(({ id }) => id) }
  if (condition.kind === 'absent') {
    return new TorcError('CONDITION_FAILED', `the key has an object already: version ${details.heads[0]}`, {
      details,
    })
  }
  const now = live.length === 0 ? 'the key has no object' : `the key has version ${details.heads.join(', ')}`
  const wanted = condition.kind === 'match' ? condition.tag : condition.heads.join(', ') || 'none'
  return new TorcError('CONDITION_FAILED', `${now}, and not ${wanted}`, { details })
}

/** A dot that an owner handed out for a proposal, and the greatest counter of its actor that this owner holds of the key. */
export interface HandedOut {
  readonly dot: Dot
  readonly after: number
}

/**
 * The gap before a dot that was handed out: from the actor's last counter below it that `base` or its own agent knows
 * of. What lies between was handed out for proposals that were not chosen, and never can be once this one is
 * (DESIGN §5, "lower dots handed out and absent from the base").
 */
export function afterOf({ dot, after }: HandedOut, base: CausalContext): number {
  let last = after
  for (const [, upTo] of intervalsOf(base, dot.actor)) {
    if (upTo < dot.counter) last = Math.max(last, upTo)
  }
  return last
}

/** What a policy, and a null version, may take with a conditional write. */
export interface ConditionalRetention {
  readonly policy: RetentionPolicy
  /** Of the owners that promised, as far as they were asked. */
  readonly reports: readonly LiveReport[]
  /** Null versions that they hold. */
  readonly nulls: NullVersions
}

/** The version and its delta, as they are proposed. `version` is whole. */
export function proposedVersion(
  version: Version,
  retention: ConditionalRetention | undefined,
  attributes: Uint8Array | undefined,
): ProposedVersion {
  const own = contextOfDot(version.dot, version.after)
  const pruned = retention === undefined ? [] : prunedWith(version, retention)
  const delta = pruned.length === 0 ? own : joinContexts(own, contextOfDots(pruned))
  return { record: encodeVersion(version), delta: encodeContext(delta), attributes }
}

function prunedWith(version: Version, { policy, reports, nulls }: ConditionalRetention): Dot[] {
  const replaced = version.isNull === true ? replacedNullVersions(version.context, nulls) : []
  if (policy.kind === 'all') return replaced
  const view = { covers: (dot: Dot) => covers(version.context, dot) }
  return [...replaced, ...planPruning(policy, reports, view, replaced)]
}
