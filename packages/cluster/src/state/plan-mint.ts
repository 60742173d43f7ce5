import { TorcError } from '@torc/protocol/errors'
import {
  type CausalContext,
  contextOfDot,
  contextOfDots,
  covers,
  emptyContext,
  highestCounter,
  joinContexts,
} from '../clocks/causal-context.js'
import type { ActorId, Dot } from '../clocks/dot.js'
import type { LiveReport } from '../retention/live-report.js'
import { planPruning } from '../retention/plan-pruning.js'
import { policyAttribute, policyValue, type RetentionPolicy } from '../retention/policy.js'
import { type Attributes, attributesOf, noAttributes } from './attributes.js'
import { type NullVersions, replacedNullVersions } from './null-versions.js'
import { summaryAfterInsert } from './plan-insert.js'
import { holdsVersion, type LocalVersions, type MergePlan, planMerge } from './plan-merge.js'
import { emptySummary, type KeySummary } from './summary.js'
import { type BlockReference, type Version, versionIdOf } from './version.js'

export interface MintInput {
  readonly actor: ActorId
  /** Fresh: above every counter that the actor ever handed out. */
  readonly counter: number
  /** The last counter handed out for this key, or dropped in its partition; the summary's own is added here. */
  readonly after: number
  /** Keep the gap from the version: what breaks without it is for tests to see. */
  readonly withoutGap?: boolean
  readonly opId: Uint8Array
  readonly kind: 'object' | 'marker'
  /** What the server read from other owners, or (`exact`) a client's context. */
  readonly cover: CausalContext | undefined
  /** Cover just `cover`; otherwise also all that this agent knows. */
  readonly exact: boolean
  /** From `HybridClock.mintTime`, above the summary's `newest` and all that the clock read saw. */
  readonly createdAt: number
  /** Greatest `seq` that the clock read (or the client's token) saw; 0 when none. */
  readonly seenSeq: number
  readonly size: number
  readonly sha256: Uint8Array
  readonly etag: string
  readonly contentType: string
  readonly metadata: readonly (readonly [string, string])[]
  readonly blocks: readonly BlockReference[] | undefined
  readonly partBlocks?: readonly number[] | undefined
  readonly tags?: Version['tags']
  /** A null version: it takes the place of those that it covers, in the same transaction; needs `local`. */
  readonly isNull?: true | undefined
  /** Null versions that other owners hold, as the clock read told. */
  readonly nulls?: NullVersions | undefined
  /**
   * What prunes older versions in the same transaction; needs `local`. The policy is the one in force once
   * `setPolicy` is done (`policyInForce`); the minter's own report comes first.
   */
  readonly retention?:
    | { readonly policy: RetentionPolicy; readonly reports: readonly LiveReport[] }
    | undefined
  /** Sets the key's own policy with this version; `inherit` takes it away. */
  readonly setPolicy?: RetentionPolicy | 'inherit' | undefined
}

export interface MintPlan {
  readonly version: Version
  /** Context of the delta that goes to the other owners: `(after, dot]` and what is removed with it. */
  readonly delta: CausalContext
  /** What was set with the version, for the other owners too. */
  readonly attributes: Attributes
  /** The null versions that it replaces, then what the policy took, oldest first. Some may be held by other owners only. */
  readonly pruned: readonly Dot[]
  readonly plan: MergePlan
}

/**
 * A client that keeps writing with one old context makes a sibling each time. Beyond this many the answers
 * about the key would no longer fit their frames, so it could be neither read nor repaired.
 */
export const siblingsMax = 512

const noLocalVersions: LocalVersions = { has: () => false, all: () => [] }

/**
 * Makes a key's next version and what storing it changes. Throws CONFLICT when the fresh dot is not above
 * all that is known of its actor: the actor has forgotten writes, and a version under a used dot would be
 * dropped elsewhere as "already seen" (Riak kv679); CONFLICT too when the key has `siblingsMax` siblings.
 */
export function planMint(
  before: KeySummary | undefined,
  input: MintInput,
  local = noLocalVersions,
): MintPlan {
  const old = before ?? emptySummary
  const { actor, counter, opId } = input
  const given = input.cover ?? emptyContext
  const context = input.exact ? given : joinContexts(old.closed, given)
  const after = Math.max(input.after, highestCounter(old.closed, actor), highestCounter(context, actor))
  if (after >= counter) {
    throw new TorcError(
      'CONFLICT',
      `event ${counter} of ${actor} is not new: ${after} is known of this key`,
      {
        hint: 'Read the key again and use the context of that read.',
      },
    )
  }
  if (input.exact && old.heads.filter(head => !covers(context, head.dot)).length >= siblingsMax) {
    throw new TorcError('CONFLICT', `the key has ${old.heads.length} siblings; no more are taken`, {
      hint: 'Read the key and write with the context of that read, or without one.',
    })
  }
  if (input.createdAt <= old.newest) {
    throw new TorcError(
      'INTERNAL',
      `a version of time ${input.createdAt} would be older than what the key holds`,
    )
  }
  const dot = { actor, counter }
  const version: Version = {
    dot,
    after: input.withoutGap === true ? 0 : after,
    id: versionIdOf(opId),
    context,
    kind: input.kind,
    size: input.size,
    etag: input.etag,
    sha256: input.sha256,
    contentType: input.contentType,
    metadata: input.metadata,
    createdAt: input.createdAt,
    seq: 1 + Math.max(greatestSeqCovered(old, context, input.exact), input.seenSeq),
    opId,
    blocks: input.blocks,
    ...optionalFields(input),
  }
  const replaced = input.isNull === true ? replacedNullVersions(context, old.nulls, input.nulls ?? []) : []
  const pruned = [...replaced, ...versionsToPrune(old, input, context, local, replaced)]
  const attributes = attributesSet(version, input.setPolicy)
  const ownDelta = contextOfDot(dot, version.after)
  if (pruned.length === 0 && attributes.size === 0) {
    const summary = summaryAfterInsert(old, version)
    const plan: MergePlan = { outcome: 'stored', summary, inserted: [version], removed: [], changed: true }
    return { version, delta: ownDelta, attributes, pruned, plan }
  }
  const delta = pruned.length === 0 ? ownDelta : joinContexts(ownDelta, contextOfDots(pruned))
  const plan = planMerge(old, { context: delta, versions: [version], attributes }, local)
  return { version, delta, attributes, pruned, plan }
}

/** Those fields of a version that most have not. */
export function optionalFields({
  partBlocks,
  tags,
  isNull,
}: Pick<Version, 'partBlocks' | 'tags' | 'isNull'>): Partial<Version> {
  if (partBlocks === undefined && tags === undefined && isNull === undefined) return none
  return {
    ...(partBlocks === undefined ? {} : { partBlocks }),
    ...(tags === undefined || tags.length === 0 ? {} : { tags }),
    ...(isNull === undefined ? {} : { isNull }),
  }
}

const none: Partial<Version> = Object.freeze({})

function versionsToPrune(
  old: KeySummary,
  { retention }: MintInput,
  context: CausalContext,
  local: LocalVersions,
  replaced: readonly Dot[],
): readonly Dot[] {
  if (retention === undefined || retention.policy.kind === 'all') return []
  const isGone = (dot: Dot): boolean => covers(old.context, dot) && !holdsVersion(old, dot, local)
  const view = { covers: (dot: Dot) => covers(context, dot), isGone }
  const leaving = replaced.filter(dot => !isGone(dot))
  return planPruning(retention.policy, retention.reports, view, leaving)
}

/** The register counts as written by the version: its time, its dot. */
export function attributesSet(version: Version, policy: MintInput['setPolicy']): Attributes {
  if (policy === undefined) return noAttributes
  const { dot, createdAt: time } = version
  return attributesOf([{ version: undefined, name: policyAttribute, value: policyValue(policy), time, dot }])
}

/**
 * Below a head that is not covered nothing is looked up, however long the history: what a token covers there
 * the token itself tells of (`seenSeq`).
 */
function greatestSeqCovered(old: KeySummary, context: CausalContext, exact: boolean): number {
  if (!exact) return old.maxSeq
  const covered = old.heads.filter(head => covers(context, head.dot))
  if (covered.length === old.heads.length) return old.maxSeq
  return covered.reduce((greatest, head) => Math.max(greatest, head.seq), 0)
}
