/** What a tally says: still open, enough acknowledged, or too many failed for that. */
export type Verdict = 'open' | 'reached' | 'missed'

/**
 * Counts acknowledgements of distinct agents towards a quorum. Pure: no timers, no promises; a deadline is one
 * more event (`expire`). An agent counts once, whatever it answers later. Once decided it stays decided.
 */
export class Tally {
  readonly needed: number
  readonly #asked: Set<string>
  readonly acknowledged: string[] = []
  readonly failed: string[] = []
  #verdict: Verdict

  constructor(needed: number, asked: Iterable<string>) {
    this.needed = needed
    this.#asked = new Set(asked)
    this.#verdict = needed <= 0 ? 'reached' : needed > this.#asked.size ? 'missed' : 'open'
  }

  get verdict(): Verdict {
    return this.#verdict
  }

  /** Agents that have not answered yet. */
  get outstanding(): number {
    return this.#asked.size
  }

  /** `agent` has it on stable storage. */
  ack(agent: string): Verdict {
    if (!this.#asked.delete(agent)) return this.#verdict
    this.acknowledged.push(agent)
    if (this.#verdict === 'open' && this.acknowledged.length >= this.needed) this.#verdict = 'reached'
    return this.#verdict
  }

  /** `agent` will not acknowledge. */
  fail(agent: string): Verdict {
    if (!this.#asked.delete(agent)) return this.#verdict
    this.failed.push(agent)
    if (this.#verdict === 'open' && this.acknowledged.length + this.#asked.size < this.needed)
      this.#verdict = 'missed'
    return this.#verdict
  }

  /** Asks one more agent (a stand-in for one that failed). */
  ask(agent: string): Verdict {
    if (!this.acknowledged.includes(agent) && !this.failed.includes(agent)) this.#asked.add(agent)
    return this.#verdict
  }

  /** The deadline passed. */
  expire(): Verdict {
    if (this.#verdict === 'open') this.#verdict = 'missed'
    return this.#verdict
  }
}
