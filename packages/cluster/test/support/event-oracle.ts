import type { RetentionPolicy } from '../../src/retention/policy.js'

/**
 * A key's state as plain sets of events, without vectors, intervals or digests: what DESIGN §4 says, in the
 * plainest form. Events are numbered as they happen; a set of them is an integer with their bits.
 */
export type Events = bigint

export interface EventState {
  readonly seen: Events
  /** Versions present, and what each covers. */
  readonly present: ReadonlyMap<number, Events>
  /** Writes of attributes that arrived, of whatever they are. */
  readonly writes: ReadonlySet<AttributeWrite>
}

export interface AttributeWrite {
  /** The version it is about; undefined = the key. */
  readonly version: number | undefined
  readonly name: string
  readonly time: number
  /** Names the write: `dotText` of its event. */
  readonly event: string
}

const noWrites: ReadonlySet<AttributeWrite> = new Set()

export const nothing: EventState = { seen: 0n, present: new Map(), writes: noWrites }

export function setOf(...events: readonly number[]): Events {
  let set = 0n
  for (const event of events) set |= 1n << BigInt(event)
  return set
}

export function hasEvent(set: Events, event: number): boolean {
  return ((set >> BigInt(event)) & 1n) === 1n
}

export function mergeEvents(a: EventState, b: EventState): EventState {
  const present = new Map<number, Events>()
  for (const [event, covered] of a.present) {
    if (b.present.has(event) || !hasEvent(b.seen, event)) present.set(event, covered)
  }
  for (const [event, covered] of b.present) {
    if (a.present.has(event) || !hasEvent(a.seen, event)) present.set(event, covered)
  }
  return { seen: a.seen | b.seen, present, writes: unionOf(a.writes, b.writes) }
}

/** All that is seen or that a present version covers. */
export function closureOf({ seen, present }: EventState): Events {
  let closure = seen
  for (const covered of present.values()) closure |= covered
  return closure
}

export function presentIn(state: EventState): Events {
  return setOf(...state.present.keys())
}

/** What no other version that is present covers. */
export function headsIn(state: EventState): Events {
  let covered = 0n
  for (const one of state.present.values()) covered |= one
  return presentIn(state) & ~covered
}

/** The last write of each attribute, except of versions that were removed: `version/name event`. */
export function lastWrites(state: EventState): Set<string> {
  const last = new Map<string, AttributeWrite>()
  for (const write of state.writes) {
    const { version } = write
    if (version !== undefined && hasEvent(state.seen, version) && !state.present.has(version)) continue
    const slot = `${version ?? ''}/${write.name}`
    const other = last.get(slot)
    if (
      other === undefined ||
      write.time > other.time ||
      (write.time === other.time && write.event > other.event)
    ) {
      last.set(slot, write)
    }
  }
  return new Set([...last].map(([slot, write]) => `${slot} ${write.event}`))
}

export function statesAgree(a: EventState, b: EventState): boolean {
  if (a.seen !== b.seen || presentIn(a) !== presentIn(b)) return false
  const [left, right] = [lastWrites(a), lastWrites(b)]
  return left.size === right.size && [...left].every(write => right.has(write))
}

/**
 * What a policy takes before one more version comes, by the words of DESIGN §4 over the merged state of all
 * who were asked. `oldestFirst` are all versions in order of age. Heads that the new version does not cover
 * stay; so does whatever it does not cover, unless several were asked and are `known` to have the same state.
 */
export function prunedByRule(
  policy: RetentionPolicy,
  asked: readonly EventState[],
  covered: Events,
  oldestFirst: readonly number[],
  known: boolean,
  leaving: ReadonlySet<number>,
): number[] {
  if (policy.kind === 'all') return []
  const union = asked.reduce(mergeEvents)
  const same = known && asked.length > 1
  const heads = headsIn(union)
  const allowed = oldestFirst.filter(
    event =>
      union.present.has(event) &&
      !leaving.has(event) &&
      (hasEvent(covered, event) || (same && !hasEvent(heads, event))),
  )
  const max = policy.kind === 'latest' ? 1 : policy.max
  const pruned: number[] = []
  let present = union.present.size - [...leaving].filter(event => union.present.has(event)).length
  while (present + 1 > max && allowed.length > 0) {
    const step = policy.kind === 'dynamic' ? Math.max(1, Math.floor(present / 4)) : 1
    const taken = allowed.splice(0, step)
    pruned.push(...taken)
    present -= taken.length
  }
  return pruned
}

function unionOf(
  a: ReadonlySet<AttributeWrite>,
  b: ReadonlySet<AttributeWrite>,
): ReadonlySet<AttributeWrite> {
  if (b.size === 0 || a === b) return a
  return a.size === 0 ? b : new Set([...a, ...b])
}
