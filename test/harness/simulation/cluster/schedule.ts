/** What one thing that a run plans is called: `fault 2.7`, `client-1 12`, `layout 3`. */
export type StepName = string

/**
 * What a run plans, by name: which of it took place, and what is left out. Each step draws from a generator of its own,
 * so that leaving one out changes nothing of the others: that is how a failing run is made shorter.
 */
export class Schedule {
  readonly #left: ReadonlySet<StepName>
  readonly #happened: StepName[] = []

  constructor(left: Iterable<StepName> = []) {
    this.#left = new Set(left)
  }

  /** Whether a step is to be made; it counts as made then. */
  takes(name: StepName): boolean {
    if (this.#left.has(name)) return false
    this.#happened.push(name)
    return true
  }

  /** Steps that were made, in their order. */
  get happened(): readonly StepName[] {
    return this.#happened
  }
}
