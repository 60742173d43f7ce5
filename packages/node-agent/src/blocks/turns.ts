/** Runs tasks of one name one after the other, and at most `tasksMax` of all names at once, first come first served. */
export class Turns {
  readonly #tasksMax: number
  readonly #last = new Map<string, Promise<unknown>>()
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(tasksMax: number) {
    this.#tasksMax = tasksMax
  }

  /** Whether a task of this name runs or waits. */
  isTaken(name: string): boolean {
    return this.#last.has(name)
  }

  async take<T>(name: string, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name)
    const mine = before === undefined ? this.#run(task) : before.then(() => this.#run(task))
    // Who waits for this turn waits for its end, however it ends; its caller hears of a failure.
    const ended = mine.then(
      () => undefined,
      () => undefined,
    )
    this.#last.set(name, ended)
    try {
      return await mine
    } finally {
      if (this.#last.get(name) === ended) this.#last.delete(name)
    }
  }

  async #run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#tasksMax) await new Promise<void>(resolve => this.#waiting.push(resolve))
    else this.#running++
    try {
      return await task()
    } finally {
      const next = this.#waiting.shift()
      // The place goes to the next in line without becoming free in between.
      if (next === undefined) this.#running--
      else next()
    }
  }
}
