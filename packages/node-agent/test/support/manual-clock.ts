import type { Clock } from '@torc/protocol/environment/clock'

/** A clock that stands still until the test moves it; `soon` runs when the test says so. */
export class ManualClock implements Clock {
  #nowMs = 1_700_000_000_000
  readonly #timers: { dueMs: number; callback: () => void }[] = []
  #soon: (() => void)[] = []

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { dueMs: this.#nowMs + ms, callback }
    this.#timers.push(timer)
    return () => {
      const at = this.#timers.indexOf(timer)
      if (at >= 0) this.#timers.splice(at, 1)
    }
  }

  soon(callback: () => void): void {
    this.#soon.push(callback)
  }

  /** Ends the turn of the event loop: runs what was put off to its end. Returns how many that were. */
  endTurn(): number {
    const callbacks = this.#soon
    this.#soon = []
    for (const callback of callbacks) callback()
    return callbacks.length
  }

  advance(ms: number): void {
    this.#nowMs += ms
    for (const timer of [...this.#timers].sort((a, b) => a.dueMs - b.dueMs)) {
      if (timer.dueMs > this.#nowMs) continue
      const at = this.#timers.indexOf(timer)
      if (at < 0) continue
      this.#timers.splice(at, 1)
      timer.callback()
    }
  }
}
