/**
 * News that rides on probes and their answers (SWIM §4.1): each piece is told a bounded number of times, the one that
 * was told least first. What is newer of the same member takes its place.
 */
export class Dissemination {
  /** Times that the news of a member was told. */
  readonly #told = new Map<string, number>()

  /** There is news of this member. */
  add(id: string): void {
    // Deleted first, so that of those told equally often the newest comes last and the oldest is not starved.
    this.#told.delete(id)
    this.#told.set(id, 0)
  }

  forget(id: string): void {
    this.#told.delete(id)
  }

  get size(): number {
    return this.#told.size
  }

  /**
   * Ids to tell of now, as `accept` has room for them (false = it has not), and counts them as told. A piece that was
   * told `timesMax` times is dropped.
   */
  take(timesMax: number, accept: (id: string) => boolean): void {
    const waiting = [...this.#told].sort(([, a], [, b]) => a - b)
    for (const [id, times] of waiting) {
      if (!accept(id)) return
      if (times + 1 >= timesMax) this.#told.delete(id)
      else this.#told.set(id, times + 1)
    }
  }
}

/** λ·⌈log10(n + 1)⌉. */
export function timesToTell(factor: number, members: number): number {
  return factor * Math.ceil(Math.log10(members + 1))
}
