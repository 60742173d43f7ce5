import { TorcError } from '@torc/protocol/errors'
import {
  type CausalContext,
  contextOfDot,
  covers,
  emptyContext,
  highestCounter,
  joinContexts,
} from '../clocks/causal-context.js'
import type { ActorId } from '../clocks/dot.js'
import { summaryAfterInsert } from './plan-insert.js'
import { type LocalVersions, type MergePlan, planMerge } from './plan-merge.js'
import { emptySummary, type KeySummary } from './summary.js'
import { type BlockReference, type Version, versionIdOf } from './version.js'

export interface MintInput {
  readonly actor: ActorId
  /** Fresh: above every counter that the actor ever handed out. */
  readonly counter: number
  /** The last counter handed out for this key, or dropped in its partition; the summary's own is added here. */
  readonly after: number
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
  /** What goes in the same transaction (a retention policy's pruning); needs `local`. */
  readonly remove?: CausalContext | undefined
}

export interface MintPlan {
  readonly version: Version
  /** Context of the delta that goes to the other owners: `(after, dot]` and what is removed with it. */
  readonly delta: CausalContext
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
  const coveredSeq = input.exact ? greatestSeqCovered(old, context, local) : old.maxSeq
  const version: Version = {
    dot,
    after,
    id: versionIdOf(opId),
    context,
    kind: input.kind,
    size: input.size,
    etag: input.etag,
    sha256: input.sha256,
    contentType: input.contentType,
    metadata: input.metadata,
    createdAt: input.createdAt,
    seq: 1 + Math.max(coveredSeq, input.seenSeq),
    opId,
    blocks: input.blocks,
  }
  const ownDelta = contextOfDot(dot, after)
  if (input.remove !== undefined) {
    const delta = joinContexts(ownDelta, input.remove)
    return { version, delta, plan: planMerge(old, { context: delta, versions: [version] }, local) }
  }
  const summary = summaryAfterInsert(old, version)
  return {
    version,
    delta: ownDelta,
    plan: { outcome: 'stored', summary, inserted: [version], removed: [], changed: true },
  }
}

/** Versions below an uncovered head are looked up; where every head is covered the summary knows. */
function greatestSeqCovered(old: KeySummary, context: CausalContext, local: LocalVersions): number {
  if (old.heads.every(head => covers(context, head.dot))) return old.maxSeq
  let greatest = 0
  for (const version of old.versionCount === old.heads.length ? old.heads : local.all()) {
    if (version.seq > greatest && covers(context, version.dot)) greatest = version.seq
  }
  return greatest
}
