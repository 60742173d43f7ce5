/**
 * Small tasks in the background that callers do not wait for: a few run at once, some wait, more are refused, as what
 * they would do can be done by whoever comes next.
 */
export class RepairQueue {
  readonly #atOnce: number
  readonly #waitingMax: number
  readonly #names = new Set<string>()
  readonly #waiting: (() => Promise<void>)[] = []
  #running = 0

  constructor(atOnce: number, waitingMax: number) {
    this.#atOnce = atOnce
    this.#waitingMax = waitingMax
  }

  /** Tasks that run or wait. */
  get size(): number {
    return this.#names.size
  }

  /**
   * Takes a task over, which must not reject. False when there are too many already. True without a further run when
   * one of this name runs or waits.
   */
  offer(name: string, task: () => Promise<void>): boolean {
    if (this.#names.has(name)) return true
    const wait = this.#running >= this.#atOnce
    if (wait && this.#waiting.length >= this.#waitingMax) return false
    this.#names.add(name)
    const run = async (): Promise<void> => {
      await task()
      this.#names.delete(name)
    }
    if (wait) this.#waiting.push(run)
    else void this.#run(run)
    return true
  }

  async #run(first: () => Promise<void>): Promise<void> {
    this.#running++
    for (let run: typeof first | undefined = first; run !== undefined; run = this.#waiting.shift())
      await run()
    this.#running--
  }
}
