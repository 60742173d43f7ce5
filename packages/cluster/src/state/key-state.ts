import {
  type CausalContext,
  contextOfDot,
  covers,
  emptyContext,
  joinContexts,
} from '../clocks/causal-context.js'
import type { Dot } from '../clocks/dot.js'
import { dotText } from '../clocks/dot.js'
import { type Attributes, mergeAttributes, noAttributes } from './attributes.js'
import { combineDigests, digestOfAttributes, digestOfContext, digestOfDot } from './digest.js'
import { compareVersions, type Version } from './version.js'

export {
  combineDigests,
  digestOfAttribute,
  digestOfContext,
  digestOfDot,
  digestsEqual,
  emptyDigest,
} from './digest.js'
export { compareVersions } from './version.js'

/**
 * All that an agent knows of a key: an optimised OR-map of immutable versions (DESIGN §4). `context` covers
 * every version held and every version removed; it does not cover what the versions' own contexts name but
 * this agent never had.
 */
export interface KeyState {
  readonly context: CausalContext
  /** By `dotText`. */
  readonly versions: ReadonlyMap<string, Version>
  readonly attributes: Attributes
}

export const emptyState: KeyState = Object.freeze({
  context: emptyContext,
  versions: new Map<string, Version>(),
  attributes: noAttributes,
})

/**
 * The join of two states: commutative, associative, idempotent. A version stays when both have it, or when
 * one has it and the other's context does not cover it; covered and absent means removed for good.
 */
export function mergeStates(a: KeyState, b: KeyState): KeyState {
  const context = joinContexts(a.context, b.context)
  const versions = new Map<string, Version>()
  for (const [key, version] of a.versions) {
    if (b.versions.has(key) || !covers(b.context, version.dot)) versions.set(key, version)
  }
  for (const [key, version] of b.versions) {
    if (!a.versions.has(key) && !covers(a.context, version.dot)) versions.set(key, version)
  }
  const holds = (dot: Dot) => versions.has(dotText(dot))
  return { context, versions, attributes: mergeAttributes(a.attributes, b.attributes, context, holds) }
}

/** A state from its parts; what `context` lacks of the versions' own dots is added. */
export function makeState(
  context: CausalContext,
  versions: Iterable<Version>,
  attributes: Attributes = noAttributes,
): KeyState {
  const byDot = new Map<string, Version>()
  let known = context
  for (const version of versions) {
    byDot.set(dotText(version.dot), version)
    if (!covers(known, version.dot)) known = joinContexts(known, contextOfDot(version.dot, version.after))
  }
  return { context: known, versions: byDot, attributes }
}

/** Everything the versions' contexts cover. */
export function coveredByVersions(versions: Iterable<Version>): CausalContext {
  let covered = emptyContext
  for (const version of versions) covered = joinContexts(covered, version.context)
  return covered
}

/**
 * What a token or clock read of this state carries: the context joined with those of all versions in it.
 * Were it not closed, a later write could cover a version and not what that version covered; pruning the
 * one would bring back the other.
 */
export function closedContext(state: KeyState): CausalContext {
  return joinContexts(state.context, coveredByVersions(state.versions.values()))
}

/** Versions that no other version's context covers, newest first. */
export function headsOf(versions: Iterable<Version>): Version[] {
  const all = [...versions]
  const covered = coveredByVersions(all)
  return all.filter(version => !covers(covered, version.dot)).sort(compareVersions)
}

/** 16 bytes; equal for equal states, different (but for chance) for others. */
export function stateDigest(state: KeyState): Uint8Array {
  let digest = digestOfContext(state.context)
  for (const version of state.versions.values()) digest = combineDigests(digest, digestOfDot(version.dot))
  return combineDigests(digest, digestOfAttributes(state.attributes))
}
