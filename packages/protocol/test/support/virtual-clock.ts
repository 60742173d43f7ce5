import type { Clock } from '../../src/environment/clock.js'

interface Timer {
  readonly atMs: number
  readonly order: number
  readonly callback: () => void
}

/** Time that stands still until a test moves it. `soon` runs in real turns, so that promises settle. */
export class VirtualClock implements Clock {
  #nowMs = 1_000_000
  #order = 0
  #timers: Timer[] = []

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, order: this.#order++, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter(other => other !== timer)
    }
  }

  soon(callback: () => void): void {
    setImmediate(callback)
  }

  get pendingTimers(): number {
    return this.#timers.length
  }

  /** Moves time on, runs what falls due in order, and lets all input settle after each step. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    for (;;) {
      const due = this.#timers
        .filter(timer => timer.atMs <= endMs)
        .sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0]
      if (due === undefined) break
      this.#timers = this.#timers.filter(timer => timer !== due)
      this.#nowMs = Math.max(this.#nowMs, due.atMs)
      due.callback()
      await settle()
    }
    this.#nowMs = endMs
    await settle()
  }
}

/** Lets promises and `soon` callbacks that are on their way run, over as many turns as a frame's journey takes. */
export async function settle(turns = 12): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise<void>(resolve => setImmediate(resolve))
}
