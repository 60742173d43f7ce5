import type { Random } from '@torc/protocol/environment/random'

type Fraction = Pick<Random, 'fraction'>

/** Whose turn it is: round robin over a shuffled list, which bounds the time until a member is probed (SWIM §4.3). */
export class ProbeOrder {
  readonly #random: Fraction
  #waiting: string[] = []

  constructor(random: Fraction) {
    this.#random = random
  }

  /** A newcomer gets a place at random in the round that is under way. */
  add(id: string): void {
    if (this.#waiting.includes(id)) return
    this.#waiting.splice(Math.floor(this.#random.fraction() * (this.#waiting.length + 1)), 0, id)
  }

  /** The next one of `candidates`; undefined where there is none. */
  next(candidates: readonly string[]): string | undefined {
    const allowed = new Set(candidates)
    for (let round = 0; round < 2; round++) {
      for (let id = this.#waiting.pop(); id !== undefined; id = this.#waiting.pop()) {
        if (allowed.has(id)) return id
      }
      this.#waiting = shuffled(candidates, this.#random)
    }
    return undefined
  }
}

/** A copy in random order. */
export function shuffled<T>(items: readonly T[], random: Fraction): T[] {
  const all = [...items]
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random.fraction() * (i + 1))
    const [a, b] = [all[i] as T, all[j] as T]
    all[i] = b
    all[j] = a
  }
  return all
}
