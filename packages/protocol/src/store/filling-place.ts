import type { Clock } from '../environment/clock.js'
import type { BlockBudget } from './block-budget.js'

/** A block that takes longer to come is its source's doing: others do not wait for it. */
export const fillMsMax = 2_000

/**
 * The place that a body has among the blocks that fill, one block at a time. Bodies that come fast wait for each other
 * here, which bounds what they hold together. One that comes slowly gives its place up after a while, goes on without,
 * and asks for none until it has become fast: so nobody waits long for the slow ones, which hold no more than a block
 * each, as many as there may be streams.
 */
export class FillingPlace {
  readonly #budget: BlockBudget
  readonly #clock: Clock
  /** The block has had its place, or needs none. */
  #begun = false
  #held = false
  #slow = false
  #cancelTimer: (() => void) | undefined

  constructor(budget: BlockBudget, clock: Clock) {
    this.#budget = budget
    this.#clock = clock
  }

  /** Takes a place for the block that fills, if it has had none; resolves when there is one. */
  take(): Promise<void> | undefined {
    if (this.#begun) return undefined
    this.#begun = true
    const waiting = this.#slow ? undefined : this.#budget.acquire()
    if (waiting !== undefined) return waiting.then(() => this.#fills(true))
    this.#fills(!this.#slow)
    return undefined
  }

  #fills(held: boolean): void {
    this.#held = held
    this.#slow = false
    this.#cancelTimer = this.#clock.after(fillMsMax, () => {
      this.#slow = true
      this.#giveBack()
    })
  }

  #giveBack(): void {
    if (this.#held) this.#budget.release()
    this.#held = false
  }

  /** Nothing more of the block is to come: what it waits for from now on is not its client. */
  filled(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  /** The block is on its way or dropped; the next one may have a place. Not while `take` waits. */
  leave(): void {
    this.filled()
    this.#giveBack()
    this.#begun = false
  }
}
