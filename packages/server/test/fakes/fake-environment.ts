import type { Clock } from '@torc/protocol/environment/clock'
import type { Random } from '@torc/protocol/environment/random'
import { type Environment, systemHasher } from '@torc/protocol/environment/system'

/** Time that stands still until a test moves it. */
export class ManualClock implements Clock {
  #nowMs = 1_760_000_000_000
  #timers: { readonly atMs: number; readonly callback: () => void }[] = []

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
      this.#timers = this.#timers.filter(other => other !== timer)
    }
  }

  soon(callback: () => void): void {
    queueMicrotask(callback)
  }

  get timers(): number {
    return this.#timers.length
  }

  /** Moves time on and runs what is due, in order. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms
    for (;;) {
      const due = this.#timers.filter(timer => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (due === undefined) break
      this.#timers = this.#timers.filter(timer => timer !== due)
      this.#nowMs = Math.max(this.#nowMs, due.atMs)
      due.callback()
    }
    this.#nowMs = untilMs
  }
}

/** Numbers from a seed (mulberry32): a run can be repeated. */
export class SeededRandom implements Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => Math.floor(this.fraction() * 256))
  }
}

export interface FakeEnvironment extends Environment {
  readonly clock: ManualClock
  readonly random: SeededRandom
}

export function fakeEnvironment(seed = 1): FakeEnvironment {
  return { clock: new ManualClock(), random: new SeededRandom(seed), hasher: systemHasher }
}
