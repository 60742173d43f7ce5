import {
  actorsOf,
  addDot,
  type CausalContext,
  contextOfDot,
  contextOfDots,
  contextsEqual,
  contextsOverlap,
  covers,
  intersectContexts,
  intervalsOf,
  isEmptyContext,
  joinContexts,
  subtractContexts,
} from '../clocks/causal-context.js'
import { type Dot, dotsEqual, dotText } from '../clocks/dot.js'
import type { Attributes } from './attributes.js'
import { attributesEqual, mergeAttributes, noAttributes } from './attributes.js'
import { combineDigests, digestOfAttributes, digestOfContext, digestOfDot } from './digest.js'
import { changeVersions } from './plan-heads.js'
import { summaryAfterInsert } from './plan-insert.js'
import { emptySummary, type KeySummary } from './summary.js'
import type { Version } from './version.js'

/** What arrives: a mint's delta, a purge (no versions), or a whole state. */
export interface Delta {
  readonly context: CausalContext
  readonly versions: readonly Version[]
  /** Versions that the sender's state also holds and that are not sent: they are not to be removed. */
  readonly keep?: readonly Dot[] | undefined
  readonly attributes?: Attributes | undefined
}

/** The agent's stored versions of the key; asked only where the summary does not suffice. */
export interface LocalVersions {
  has(dot: Dot): boolean
  all(): Iterable<Version>
  /** Where given, a few removals out of a long history are found one by one instead of by `all`. */
  get?(dot: Dot): Version | undefined
}

export interface MergePlan {
  /**
   * `stored`: something new is to be stored. `had`: what was sent is held already. `seen`: a version sent is
   * covered and not held here, so this agent can't acknowledge it (DESIGN §4, "Actors").
   */
  readonly outcome: 'stored' | 'had' | 'seen'
  /** The key's summary afterwards. */
  readonly summary: KeySummary
  readonly inserted: readonly Version[]
  readonly removed: readonly Version[]
  /** Whether anything is to be written at all. */
  readonly changed: boolean
}

/** Up to this many events (or as many as there are versions), removals are looked for one by one. */
const lookupsMin = 64

/**
 * The same as `mergeStates` on the whole state, at the cost of the change. `takesRemoved`: versions that were removed
 * come again; what breaks then is for tests to see.
 */
export function planMerge(
  before: KeySummary | undefined,
  delta: Delta,
  local: LocalVersions,
  takesRemoved = false,
): MergePlan {
  const old = before ?? emptySummary
  const [only] = delta.versions
  if (only !== undefined && !covers(old.context, only.dot) && carriesJust(only, delta)) {
    const summary = summaryAfterInsert(old, only)
    return { outcome: 'stored', summary, inserted: [only], removed: [], changed: true }
  }
  const inserted: Version[] = []
  let seen = false
  for (const version of delta.versions) {
    const isCovered = covers(old.context, version.dot)
    if (isCovered && holdsVersion(old, version.dot, local)) continue
    if (isCovered && !takesRemoved) seen = true
    else if (!inserted.some(other => dotsEqual(other.dot, version.dot))) inserted.push(version)
  }
  const incoming = knowledgeOf(old, delta)
  const { removed, kept } = findRemoved(old, delta, incoming, local)
  const context = joinContexts(old.context, incoming)
  const versions = changeVersions(
    old,
    inserted,
    removed,
    kept ?? (() => withoutVersions(local.all(), removed)),
  )
  const attributes = changeAttributes(old, delta, context, inserted, removed, local)

  const contextChanged = !contextsEqual(context, old.context)
  let digest = old.digest
  if (contextChanged) {
    digest = combineDigests(combineDigests(digest, digestOfContext(old.context)), digestOfContext(context))
  }
  for (const version of inserted) digest = combineDigests(digest, digestOfDot(version.dot))
  for (const version of removed) digest = combineDigests(digest, digestOfDot(version.dot))
  if (attributes !== old.attributes) {
    digest = combineDigests(
      combineDigests(digest, digestOfAttributes(old.attributes)),
      digestOfAttributes(attributes),
    )
  }

  const changed = contextChanged || inserted.length > 0 || removed.length > 0 || attributes !== old.attributes
  const isNew = inserted.length > 0 || (delta.versions.length === 0 && changed)
  return {
    outcome: seen ? 'seen' : isNew ? 'stored' : 'had',
    summary: { ...versions, context, closed: joinContexts(context, versions.covered), digest, attributes },
    inserted,
    removed,
    changed,
  }
}

/** Whether a delta says nothing but that `version` was minted. */
function carriesJust(version: Version, delta: Delta): boolean {
  const { actor, counter } = version.dot
  const { vector, cloud } = delta.context
  if (delta.versions.length !== 1 || (delta.keep?.length ?? 0) > 0 || (delta.attributes?.size ?? 0) > 0)
    return false
  if (version.after === 0) return cloud.size === 0 && vector.size === 1 && vector.get(actor) === counter
  if (vector.size !== 0 || cloud.size !== 1) return false
  const waiting = cloud.get(actor)
  return waiting?.length === 1 && waiting[0]?.[0] === version.after && waiting[0][1] === counter
}

/**
 * What the sender's context tells this agent. A version that the sender holds, but neither sends nor finds
 * here, must stay outside: covering what was never received would remove it everywhere.
 */
function knowledgeOf(old: KeySummary, delta: Delta): CausalContext {
  let incoming = delta.context
  for (const version of delta.versions) {
    if (!covers(incoming, version.dot)) incoming = addDot(incoming, version.dot, version.after)
  }
  if (delta.keep === undefined || delta.keep.length === 0) return incoming
  const sent = new Set(delta.versions.map(version => dotText(version.dot)))
  const missing = delta.keep.filter(dot => !covers(old.context, dot) && !sent.has(dotText(dot)))
  return missing.length === 0 ? incoming : subtractContexts(incoming, contextOfDots(missing))
}

interface Removal {
  readonly removed: readonly Version[]
  /** The versions that stay, when finding the others meant reading them all. */
  readonly kept: readonly Version[] | undefined
}

const nothingRemoved: Removal = { removed: [], kept: undefined }

/** Local versions that the sender covers and does not hold. */
function findRemoved(old: KeySummary, delta: Delta, incoming: CausalContext, local: LocalVersions): Removal {
  if (old.versionCount === 0 || !contextsOverlap(old.context, incoming)) return nothingRemoved
  // Between `after` and a sent version's counter its actor minted nothing for this key.
  let held = contextOfDots(delta.keep ?? [])
  for (const { dot, after } of delta.versions) held = joinContexts(held, contextOfDot(dot, after))
  const suspects = subtractContexts(intersectContexts(old.context, incoming), held)
  if (isEmptyContext(suspects)) return nothingRemoved

  const onlyHeads = old.versionCount === old.heads.length
  const dots =
    onlyHeads || local.get === undefined
      ? undefined
      : dotsUpTo(suspects, Math.max(lookupsMin, old.versionCount))
  if (dots !== undefined) {
    const found = dots.map(dot => local.get?.(dot)).filter(version => version !== undefined)
    return { removed: found, kept: undefined }
  }
  const removed: Version[] = []
  const kept: Version[] = []
  for (const version of onlyHeads ? old.heads : local.all()) {
    if (covers(suspects, version.dot)) removed.push(version)
    else kept.push(version)
  }
  return { removed, kept }
}

export function holdsVersion(summary: KeySummary, dot: Dot, local: LocalVersions): boolean {
  for (const head of summary.heads) if (dotsEqual(head.dot, dot)) return true
  return summary.versionCount > summary.heads.length && local.has(dot)
}

/** The events that a context covers, unless they are more than `countMax`. */
function dotsUpTo(context: CausalContext, countMax: number): Dot[] | undefined {
  const dots: Dot[] = []
  for (const actor of actorsOf(context)) {
    for (const [after, upTo] of intervalsOf(context, actor)) {
      if (upTo - after > countMax - dots.length) return undefined
      for (let counter = after + 1; counter <= upTo; counter++) dots.push({ actor, counter })
    }
  }
  return dots
}

function withoutVersions(versions: Iterable<Version>, removed: readonly Version[]): Version[] {
  const gone = new Set(removed.map(version => dotText(version.dot)))
  return [...versions].filter(version => !gone.has(dotText(version.dot)))
}

/**
 * The merged registers; the same object when nothing changed. Those that are here already were judged when
 * they came, so only what changes now is looked at, not each version that has one.
 */
function changeAttributes(
  old: KeySummary,
  delta: Delta,
  context: CausalContext,
  inserted: readonly Version[],
  removed: readonly Version[],
  local: LocalVersions,
): Attributes {
  const sent = delta.attributes ?? noAttributes
  if (sent.size === 0 && old.attributes.size === 0) return old.attributes
  const came = new Set(inserted.map(version => dotText(version.dot)))
  const went = new Set(removed.map(version => dotText(version.dot)))
  const judged = new Set<string>()
  for (const { version } of old.attributes.values()) {
    if (version !== undefined && covers(old.context, version)) judged.add(dotText(version))
  }
  const merged = mergeAttributes(old.attributes, sent, context, dot => {
    const name = dotText(dot)
    return came.has(name) || (!went.has(name) && (judged.has(name) || holdsVersion(old, dot, local)))
  })
  return attributesEqual(merged, old.attributes) ? old.attributes : merged
}
