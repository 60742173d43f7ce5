import type { Clock } from '@torc/protocol/environment/clock'

interface Question<Q, A> {
  readonly question: Q
  readonly resolve: (answer: A) => void
  readonly reject: (error: unknown) => void
}

export interface Company {
  /** So many go at once. */
  readonly enough: number
  /** Fewer wait so long for others, milliseconds. */
  readonly patienceMs: number
}

/**
 * Sends questions together that come up within a moment, as a request costs its receivers about as much as the
 * questions in it. How many requests are under way is for the callers to bound.
 */
export class Together<Q, A> {
  readonly #clock: Clock
  readonly #company: Company
  /** Answers each question, in order. */
  readonly #send: (questions: readonly Q[]) => Promise<readonly A[]>
  #waiting: Question<Q, A>[] = []
  #disarm: (() => void) | undefined

  constructor(clock: Clock, company: Company, send: (questions: readonly Q[]) => Promise<readonly A[]>) {
    this.#clock = clock
    this.#company = company
    this.#send = send
  }

  ask(question: Q): Promise<A> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ question, resolve, reject })
      const { enough, patienceMs } = this.#company
      if (this.#waiting.length >= enough) void this.#ask()
      else this.#disarm ??= this.#clock.after(patienceMs, () => void this.#ask())
    })
  }

  async #ask(): Promise<void> {
    this.#disarm?.()
    this.#disarm = undefined
    const asked = this.#waiting
    this.#waiting = []
    try {
      const answers = await this.#send(asked.map(({ question }) => question))
      for (const [i, { resolve }] of asked.entries()) resolve(answers[i] as A)
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
  }
}
