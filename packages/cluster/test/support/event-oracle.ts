/**
 * A key's state as plain sets of events, without vectors, intervals or digests: what DESIGN §4 says, in the
 * slowest and plainest form. Events are named by text.
 */
export interface EventState {
  readonly seen: ReadonlySet<string>
  /** Versions present: name → what each covers. */
  readonly present: ReadonlyMap<string, ReadonlySet<string>>
}

export const nothing: EventState = { seen: new Set(), present: new Map() }

export function mergeEvents(a: EventState, b: EventState): EventState {
  const present = new Map<string, ReadonlySet<string>>()
  for (const [name, covered] of a.present) {
    if (b.present.has(name) || !b.seen.has(name)) present.set(name, covered)
  }
  for (const [name, covered] of b.present) {
    if (a.present.has(name) || !a.seen.has(name)) present.set(name, covered)
  }
  return { seen: new Set([...a.seen, ...b.seen]), present }
}

/** All that is seen or that a present version covers. */
export function closureOf(state: EventState): Set<string> {
  const closure = new Set(state.seen)
  for (const covered of state.present.values()) for (const name of covered) closure.add(name)
  return closure
}

export function headNames(state: EventState): Set<string> {
  const heads = new Set(state.present.keys())
  for (const covered of state.present.values()) for (const name of covered) heads.delete(name)
  return heads
}
