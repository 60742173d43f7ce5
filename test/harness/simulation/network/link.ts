import type { Scheduler } from '../scheduler.js'
import type { SeededRandom } from '../seeded-random.js'

/** Delays of a link in milliseconds: each delivery draws one in between. */
export interface LinkDelay {
  readonly minMs: number
  readonly maxMs: number
}

/** One direction between two machines. */
export class Link {
  readonly name: string
  /** The last one counts; the first is the usual one. */
  readonly #delays: LinkDelay[]
  readonly #scheduler: Scheduler
  readonly #random: SeededRandom
  /** How many faults hold it. */
  #holds = 0
  /** Arrived while the link was held, or behind such: what is sent first is delivered first. */
  #waiting: (() => void)[] = []

  constructor(name: string, delay: LinkDelay, scheduler: Scheduler, random: SeededRandom) {
    this.name = name
    this.#delays = [delay]
    this.#scheduler = scheduler
    this.#random = random
  }

  get held(): boolean {
    return this.#holds > 0
  }

  get delay(): LinkDelay {
    return this.#delays.at(-1) ?? { minMs: 0, maxMs: 0 }
  }

  /** Another delay until the returned function is called. */
  slow(delay: LinkDelay): () => void {
    const own = { ...delay }
    this.#delays.push(own)
    this.#scheduler.record(`${this.name} slow`)
    return () => {
      const index = this.#delays.indexOf(own)
      if (index > 0) this.#delays.splice(index, 1)
    }
  }

  /**
   * Lets `deliver` happen after this link's delay and not before `notBeforeMs` (the arrival of what was sent before
   * on the same connection). What arrives while the link is held happens when it is released. Returns the arrival.
   */
  carry(what: string, notBeforeMs: number, deliver: () => void): number {
    const { minMs, maxMs } = this.delay
    const nowMs = this.#scheduler.nowMs
    const arrivalMs = Math.max(notBeforeMs, nowMs + minMs + this.#random.fraction() * (maxMs - minMs))
    this.#scheduler.schedule(arrivalMs - nowMs, `${this.name} ${what}`, () => {
      if (!this.held && this.#waiting.length === 0) return deliver()
      this.#waiting.push(deliver)
      if (!this.held) this.#deliverLater()
    })
    return arrivalMs
  }

  /** From now on nothing arrives, and nothing is lost. Each `hold` needs its `release`. */
  hold(): void {
    if (this.#holds++ === 0) this.#scheduler.record(`${this.name} held`)
  }

  /** Undoes one `hold`. After the last, what was held arrives now, in order. */
  release(): void {
    if (this.#holds === 0 || --this.#holds > 0) return
    this.#scheduler.record(`${this.name} released`)
    for (let count = this.#waiting.length; count > 0; count--) this.#deliverLater()
  }

  /** One of those that wait, by an event of its own, unless the link is held again by then. */
  #deliverLater(): void {
    this.#scheduler.schedule(0, `${this.name} delivers`, () => {
      if (!this.held) this.#waiting.shift()?.()
    })
  }
}
