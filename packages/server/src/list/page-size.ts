import { limits } from '@torc/protocol/limits'

/** How far a listing is, in entries. */
export interface Progress {
  readonly found: number
  readonly wanted: number
}

/**
 * Smallest page: below, a request costs more than its keys. A listing begins with it where a key may show as
 * something else than one entry, and goes on with it after a seek.
 */
export const pageKeysMin = 16

/**
 * How many keys to ask of one agent next, so that all agents together bring about what a page of a listing still
 * needs. While few of the keys become entries (deleted ones, many under one common prefix) pages double. Pure.
 */
export class PageSize {
  readonly #share: number
  #firstMax: number
  #last = 0
  #foundBefore = 0

  /** `share`: the part of all keys that this agent has. `firstMax`: most keys of the first page. */
  constructor(share: number, firstMax: number) {
    this.#share = share
    this.#firstMax = firstMax
  }

  /** Undefined progress: everything is wanted. */
  next(progress: Progress | undefined): number {
    const size = Math.max(pageKeysMin, Math.min(this.#size(progress), limits.listLimitMax))
    this.#last = size
    this.#foundBefore = progress?.found ?? 0
    return size
  }

  /** What follows lies behind a seek: nothing is known of it. */
  restart(): void {
    this.#last = 0
    this.#firstMax = pageKeysMin
  }

  #size(progress: Progress | undefined): number {
    if (progress === undefined) return this.#last === 0 ? this.#firstMax : 2 * this.#last
    const { found, wanted } = progress
    if (this.#last === 0) return Math.min(this.#firstMax, this.#keysAmong(wanted))
    const lately = found - this.#foundBefore
    if (2 * lately < this.#last) return 2 * this.#last
    // A key with many versions is many entries.
    return this.#keysAmong(wanted * Math.min(1, this.#last / lately))
  }

  /** Of `count` keys in a row, so many are this agent's, or nearly never more. */
  #keysAmong(count: number): number {
    const mean = count * this.#share
    return Math.ceil(mean + 2 * Math.sqrt(mean * (1 - this.#share)))
  }
}
