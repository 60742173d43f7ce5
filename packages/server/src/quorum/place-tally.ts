import type { WriteQuorum, WriteTarget } from './write-quorum.js'

/** What a tally says: still open, enough acknowledged, or too many failed for that. */
export type Verdict = 'open' | 'reached' | 'missed'

/**
 * Counts owners' places that are filled towards a write quorum, or towards two while a layout changes: by the owner, or
 * by an agent that stands in for it. A place counts once, as a stand-in lets go of what it delivered; and so does, in
 * each quorum, an agent that stands in for several. Once decided it stays decided. Pure.
 */
export class PlaceTally {
  readonly acknowledged: string[] = []
  readonly failed: string[] = []
  readonly #counts: readonly PlaceCount[]
  #verdict: Verdict = 'open'

  constructor(quorums: readonly WriteQuorum[], filled: readonly WriteTarget[] = []) {
    this.#counts = quorums.map(quorum => new PlaceCount(quorum, filled))
    this.#decide()
  }

  get verdict(): Verdict {
    return this.#verdict
  }

  /** `target` is asked. */
  ask(target: WriteTarget): void {
    for (const count of this.#counts) count.ask(target)
  }

  /** `target` has it on stable storage. */
  ack(target: WriteTarget): void {
    this.acknowledged.push(target.agent)
    for (const count of this.#counts) count.close(target, true)
    this.#decide()
    this.judge()
  }

  /** `target` will not acknowledge. */
  fail(target: WriteTarget): void {
    this.failed.push(target.agent)
    for (const count of this.#counts) count.close(target, false)
    this.judge()
  }

  /** Whether too few are asked. */
  judge(): void {
    if (this.#verdict === 'open' && this.#counts.some(count => count.isOutOfReach)) this.#verdict = 'missed'
  }

  #decide(): void {
    if (this.#verdict === 'open' && this.#counts.every(count => count.isReached)) this.#verdict = 'reached'
  }
}

/** The places of one quorum. */
class PlaceCount {
  readonly #quorum: WriteQuorum
  readonly #filled = new Set<string>()
  /** Agents that have not answered yet, by place. */
  readonly #open = new Map<string, number>()

  constructor(quorum: WriteQuorum, filled: readonly WriteTarget[]) {
    this.#quorum = quorum
    for (const target of filled) this.#fill(target)
  }

  get isReached(): boolean {
    return this.#filled.size >= this.#quorum.needed
  }

  get isOutOfReach(): boolean {
    let within = this.#filled.size
    for (const place of this.#open.keys()) if (!this.#filled.has(place)) within++
    return within < this.#quorum.needed
  }

  ask(target: WriteTarget): void {
    const place = this.#placeOf(target)
    if (place !== undefined) this.#open.set(place, (this.#open.get(place) ?? 0) + 1)
  }

  close(target: WriteTarget, stored: boolean): void {
    const place = this.#placeOf(target)
    if (place === undefined) return
    const left = (this.#open.get(place) ?? 1) - 1
    if (left > 0) this.#open.set(place, left)
    else this.#open.delete(place)
    if (stored) this.#fill(target)
  }

  #fill(target: WriteTarget): void {
    const place = this.#placeOf(target)
    if (place !== undefined) this.#filled.add(place)
  }

  /** The owner whose place a target fills; none where it concerns owners of the other layout only. */
  #placeOf({ agent, standsFor }: WriteTarget): string | undefined {
    const { owners } = this.#quorum
    if (standsFor.length > 0) return standsFor.find(owner => owners.includes(owner))
    return owners.includes(agent) ? agent : undefined
  }
}
