import type { Clock } from '@torc/protocol/environment/clock'

interface Timer {
  readonly atMs: number
  readonly order: number
  readonly callback: () => void
}

/** Turns of the event loop after which nothing is on its way any more. */
const turns = 8

/** Time that a test moves: timers fall due in order, and what they begin settles before time goes on. */
export class VirtualTime implements Clock {
  #nowMs = 1_700_000_000_000
  #order = 0
  readonly #timers = new Set<Timer>()
  /** Turns since the last call of `soon`. */
  #calm = 0

  nowMs(): number {
    return Math.floor(this.#nowMs)
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, order: this.#order++, callback }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  soon(callback: () => void): void {
    this.#calm = 0
    setImmediate(callback)
  }

  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await this.#settle()
    for (;;) {
      const due = [...this.#timers]
        .filter(({ atMs }) => atMs <= endMs)
        .sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0]
      if (due === undefined) break
      this.#timers.delete(due)
      this.#nowMs = Math.max(this.#nowMs, due.atMs)
      due.callback()
      await this.#settle()
    }
    this.#nowMs = endMs
  }

  async #settle(): Promise<void> {
    for (this.#calm = 0; this.#calm < turns; this.#calm++)
      await new Promise<void>(resolve => setImmediate(resolve))
  }
}
