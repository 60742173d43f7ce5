import type { KeyState } from '@torc/cluster/state/key-state'

/** A state on its way to an owner that was behind. */
export interface Repair {
  readonly target: KeyState
  /** Resolves (never rejects) to whether the owner holds the target now. */
  readonly done: Promise<boolean>
}

interface Shared {
  running: Promise<unknown>
  next: Promise<unknown> | undefined
}

/**
 * What is under way to bring owners level, so that many readers of a key whose owners differ read and repair it
 * once, not once each. Bounded by the requests that are open.
 */
export class Repairs {
  readonly #shared = new Map<string, Shared>()
  readonly #repairs = new Map<string, Repair>()

  /**
   * Runs `start` now or, while there is one of this name, once for all who ask until that one is over: each caller
   * gets the result of a run that began after it called. `own`: this call made the run.
   */
  share<T>(name: string, start: () => Promise<T>): { readonly result: Promise<T>; readonly own: boolean } {
    const shared = this.#shared.get(name)
    if (shared === undefined) {
      const result = start()
      this.#follow(name, { running: result, next: undefined })
      return { result, own: true }
    }
    if (shared.next !== undefined) return { result: shared.next as Promise<T>, own: false }
    const result = shared.running.then(start, start)
    shared.next = result
    return { result, own: true }
  }

  #follow(name: string, shared: Shared): void {
    this.#shared.set(name, shared)
    const onOver = (): void => {
      if (shared.next === undefined) this.#shared.delete(name)
      else this.#follow(name, { running: shared.next, next: undefined })
    }
    shared.running.then(onOver, onOver)
  }

  /** The repair of an owner's state of a key that is under way. */
  find(agent: string, name: string): Repair | undefined {
    return this.#repairs.get(`${agent}/${name}`)
  }

  /** Makes a repair known until it is done; `run` rejects where it failed. */
  track(agent: string, name: string, target: KeyState, run: Promise<unknown>): Repair {
    const id = `${agent}/${name}`
    const end = (done: boolean): boolean => {
      if (this.#repairs.get(id) === repair) this.#repairs.delete(id)
      return done
    }
    const repair: Repair = {
      target,
      done: run.then(
        () => end(true),
        () => end(false),
      ),
    }
    this.#repairs.set(id, repair)
    return repair
  }
}
