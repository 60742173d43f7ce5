import { TorcError } from '@torc/protocol/errors'

/** Writes that may wait for their turn at one key. */
const waitingMax = 4096

/**
 * Lets this server's conditional writes of one key go one after the other: each would only overtake the others' rounds.
 * Bounded by the requests that are open.
 */
export class KeyTurns {
  readonly #turns = new Map<string, { last: Promise<unknown>; waiting: number }>()

  /** Runs `run` after all that came before it for this key. OVERLOADED when too many wait. */
  async run<T>(key: string, run: () => Promise<T>): Promise<T> {
    const turn = this.#turns.get(key) ?? { last: Promise.resolve(), waiting: 0 }
    if (turn.waiting >= waitingMax) {
      throw new TorcError('OVERLOADED', `${waitingMax} conditional writes wait for one key`)
    }
    turn.waiting++
    this.#turns.set(key, turn)
    const result = turn.last.then(run, run)
    turn.last = result
    try {
      return await result
    } finally {
      if (--turn.waiting === 0) this.#turns.delete(key)
    }
  }
}
