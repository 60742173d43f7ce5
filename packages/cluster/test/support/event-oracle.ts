/**
 * A key's state as plain sets of events, without vectors, intervals or digests: what DESIGN §4 says, in the
 * slowest and plainest form. Events are named by text.
 */
export interface EventState {
  readonly seen: ReadonlySet<string>
  /** Versions present: name → what each covers. */
  readonly present: ReadonlyMap<string, ReadonlySet<string>>
  /** Writes of attributes that arrived, of whatever they are. */
  readonly writes: ReadonlySet<AttributeWrite>
}

export interface AttributeWrite {
  /** Name of the version it is about; undefined = the key. */
  readonly version: string | undefined
  readonly name: string
  readonly time: number
  readonly event: string
}

export const nothing: EventState = { seen: new Set(), present: new Map(), writes: new Set() }

export function mergeEvents(a: EventState, b: EventState): EventState {
  const present = new Map<string, ReadonlySet<string>>()
  for (const [name, covered] of a.present) {
    if (b.present.has(name) || !b.seen.has(name)) present.set(name, covered)
  }
  for (const [name, covered] of b.present) {
    if (a.present.has(name) || !a.seen.has(name)) present.set(name, covered)
  }
  return { seen: new Set([...a.seen, ...b.seen]), present, writes: new Set([...a.writes, ...b.writes]) }
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

/** The last write of each attribute, except of versions that were removed: `version/name → event`. */
export function lastWrites(state: EventState): Map<string, string> {
  const last = new Map<string, AttributeWrite>()
  for (const write of state.writes) {
    if (write.version !== undefined && state.seen.has(write.version) && !state.present.has(write.version))
      continue
    const slot = `${write.version ?? ''}/${write.name}`
    const other = last.get(slot)
    if (
      other === undefined ||
      write.time > other.time ||
      (write.time === other.time && write.event > other.event)
    ) {
      last.set(slot, write)
    }
  }
  return new Map([...last].map(([slot, write]) => [slot, write.event]))
}
