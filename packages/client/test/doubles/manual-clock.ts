import type { Clock } from '@torc/protocol/environment/clock'

/** A clock that moves when a test says so. */
export class ManualClock implements Clock {
  #nowMs = 1_000
  #timers: { atMs: number; callback: () => void }[] = []

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter(each => each !== timer)
    }
  }

  soon(callback: () => void): void {
    this.after(0, callback)
  }

  get pending(): number {
    return this.#timers.length
  }

  /** Lets `ms` pass; timers run in order. */
  pass(ms: number): void {
    const end = this.#nowMs + ms
    for (;;) {
      const [next] = this.#timers.filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs)
      if (next === undefined) break
      this.#timers = this.#timers.filter(each => each !== next)
      this.#nowMs = next.atMs
      next.callback()
    }
    this.#nowMs = end
  }
}
