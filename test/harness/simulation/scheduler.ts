import { EventHeap, type SimulatedEvent } from './event-heap.js'
import { Trace } from './trace.js'

/** Taken before anything can replace the global. */
const nextTurn = setImmediate

export interface SchedulerOptions {
  /** A run that goes further is stuck: it fails. Virtual milliseconds. */
  readonly timeMsMax?: number
  readonly eventsMax?: number
}

/**
 * Virtual time: a heap of events, of which one happens at a time. Between two events everything that the first one
 * set off in promises and `process.nextTick` runs to its end, so that what happens depends on the order of events
 * alone. Node gives that for nothing: it runs both queues until they are empty between two callbacks of
 * `setImmediate`, also of those that were asked for together. Real I/O would escape it; the code under simulation must not do any.
 */
export class Scheduler {
  readonly trace = new Trace()
  readonly #heap = new EventHeap()
  readonly #timeMsMax: number
  readonly #eventsMax: number
  #nowMs = 0
  #sequence = 0
  #happened = 0
  #running = false

  constructor(options: SchedulerOptions = {}) {
    this.#timeMsMax = options.timeMsMax ?? 24 * 60 * 60 * 1000
    this.#eventsMax = options.eventsMax ?? 5_000_000
  }

  /** Virtual milliseconds since the start. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** Events that have happened. */
  get happened(): number {
    return this.#happened
  }

  /** Lets `action` happen in `delayMs`; the returned function cancels it. */
  schedule(delayMs: number, label: string, action: () => void): () => void {
    const event: SimulatedEvent = {
      timeMs: this.#nowMs + Math.max(0, delayMs),
      sequence: this.#sequence++,
      label,
      action,
    }
    this.#heap.add(event)
    return () => {
      event.action = undefined
    }
  }

  /** Adds a line to the trace at the present time. */
  record(what: string): void {
    this.trace.record(this.#nowMs, what)
  }

  /** Lets events happen until `promise` settles; its value or its error. */
  async drive<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    const note = (): void => {
      settled = true
    }
    promise.then(note, note)
    await this.runUntil(() => settled)
    return promise
  }

  /** Lets events happen for `ms`. */
  async runFor(ms: number): Promise<void> {
    let over = false
    this.schedule(ms, 'run for', () => {
      over = true
    })
    await this.runUntil(() => over)
  }

  /** Lets events happen until `done()`, which is asked after each. Fails when nothing is left that could happen. */
  async runUntil(done: () => boolean): Promise<void> {
    if (this.#running) throw new Error('the scheduler runs already')
    this.#running = true
    try {
      await new Promise<void>((resolve, reject) => takeTurns(() => !done() && this.#step(), resolve, reject))
    } finally {
      this.#running = false
    }
  }

  #step(): true {
    let event = this.#heap.take()
    while (event !== undefined && event.action === undefined) event = this.#heap.take()
    if (event?.action === undefined) throw new Error(`nothing is left to happen at ${this.#nowMs} ms`)
    this.#nowMs = event.timeMs
    this.#happened++
    if (this.#nowMs > this.#timeMsMax) throw new Error(`still under way after ${this.#timeMsMax} virtual ms`)
    if (this.#happened > this.#eventsMax) throw new Error(`still under way after ${this.#eventsMax} events`)
    this.trace.record(event.timeMs, event.label)
    event.action()
    return true
  }
}

/** Turns that are asked for at once: Node looks for real I/O after them, which costs more than an event. */
const turnsAtOnce = 64

/** Calls `turn` again and again until it returns false or throws, each time with both queues empty. */
function takeTurns(turn: () => boolean, end: () => void, fail: (error: unknown) => void): void {
  let over = false
  let left = 0
  const next = (): void => {
    left--
    if (over) return
    try {
      over = !turn()
    } catch (thrown) {
      over = true
      fail(thrown)
      return
    }
    if (over) end()
    else if (left === 0) ask()
  }
  const ask = (): void => {
    for (left = turnsAtOnce; left > 0; left--) nextTurn(next)
    left = turnsAtOnce
  }
  ask()
}
