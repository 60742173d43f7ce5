/** Something that will happen at a virtual time. */
export interface SimulatedEvent {
  readonly timeMs: number
  /** Rises with each event that is added: events of one time happen in the order in which they were added. */
  readonly sequence: number
  /** What it is, for the trace: the same in each run of a seed. */
  readonly label: string
  /** Undefined once cancelled. */
  action: (() => void) | undefined
}

/** A binary heap of events by time, then by sequence. */
export class EventHeap {
  readonly #events: SimulatedEvent[] = []

  get size(): number {
    return this.#events.length
  }

  add(event: SimulatedEvent): void {
    const events = this.#events
    let child = events.length
    events.push(event)
    while (child > 0) {
      const parent = (child - 1) >> 1
      const above = events[parent]
      if (above === undefined || before(above, event)) break
      events[child] = above
      child = parent
    }
    events[child] = event
  }

  peek(): SimulatedEvent | undefined {
    return this.#events[0]
  }

  take(): SimulatedEvent | undefined {
    const events = this.#events
    const first = events[0]
    const last = events.pop()
    if (first === undefined || last === undefined || first === last) return first
    let hole = 0
    for (;;) {
      const left = 2 * hole + 1
      const leftEvent = events[left]
      if (leftEvent === undefined) break
      const rightEvent = events[left + 1]
      const takeRight = rightEvent !== undefined && before(rightEvent, leftEvent)
      const smaller = takeRight ? rightEvent : leftEvent
      if (before(last, smaller)) break
      events[hole] = smaller
      hole = takeRight ? left + 1 : left
    }
    events[hole] = last
    return first
  }
}

function before(a: SimulatedEvent, b: SimulatedEvent): boolean {
  return a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.sequence < b.sequence)
}
