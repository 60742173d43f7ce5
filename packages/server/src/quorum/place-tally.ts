import type { Verdict } from './tally.js'
import type { WriteTarget } from './targets.js'

/**
 * Counts owners' places that are filled towards a write quorum: by the owner, or by an agent that stands in for it. A
 * place counts once, as a stand-in lets go of what it delivered; and so does an agent that stands in for several.
 * Once decided it stays decided. Pure.
 */
export class PlaceTally {
  readonly needed: number
  readonly acknowledged: string[] = []
  readonly failed: string[] = []
  readonly #filled = new Set<string>()
  /** Agents that have not answered yet, by place. */
  readonly #open = new Map<string, number>()
  #verdict: Verdict = 'open'

  constructor(needed: number, filled: readonly WriteTarget[] = []) {
    this.needed = needed
    for (const target of filled) this.#filled.add(placeOf(target))
    if (this.#filled.size >= needed) this.#verdict = 'reached'
  }

  get verdict(): Verdict {
    return this.#verdict
  }

  /** `target` is asked. */
  ask(target: WriteTarget): void {
    const place = placeOf(target)
    this.#open.set(place, (this.#open.get(place) ?? 0) + 1)
  }

  /** `target` has it on stable storage. */
  ack(target: WriteTarget): void {
    this.#close(target)
    this.acknowledged.push(target.agent)
    this.#filled.add(placeOf(target))
    if (this.#verdict === 'open' && this.#filled.size >= this.needed) this.#verdict = 'reached'
    else this.judge()
  }

  /** `target` will not acknowledge. */
  fail(target: WriteTarget): void {
    this.#close(target)
    this.failed.push(target.agent)
    this.judge()
  }

  /** Whether too few are asked. */
  judge(): void {
    let within = this.#filled.size
    for (const place of this.#open.keys()) if (!this.#filled.has(place)) within++
    if (this.#verdict === 'open' && within < this.needed) this.#verdict = 'missed'
  }

  #close(target: WriteTarget): void {
    const place = placeOf(target)
    const left = (this.#open.get(place) ?? 1) - 1
    if (left > 0) this.#open.set(place, left)
    else this.#open.delete(place)
  }
}

/** The owner whose place a target fills. */
function placeOf({ agent, standsFor }: WriteTarget): string {
  return standsFor[0] ?? agent
}
