import type { Clock } from '@torc/protocol/environment/clock'
import type { Random } from '@torc/protocol/environment/random'
import { TorcError } from '@torc/protocol/errors'
import type { RemoteChanges } from '../../src/sync/ports/remote-folder.js'

export interface SimulatedChange {
  readonly name: string
  readonly versionId: string
  /** It went. */
  readonly removed?: boolean
}

/** What a feed may do to those who read it, and still be one: at least once, in no order. */
export interface FeedDisturbance {
  /** The end of a batch that begins at `from` and could reach to `to`. */
  upTo(from: number, to: number): number
  /** What is told for the changes of a batch: all of them, in any order, and any earlier ones. */
  told(batch: readonly SimulatedChange[], earlier: readonly SimulatedChange[]): readonly SimulatedChange[]
}

/** Short batches in any order, with changes in them that were told before. */
export function disturbed(random: Random): FeedDisturbance {
  const below = (count: number) => Math.floor(random.fraction() * count)
  return {
    upTo: (from, to) => from + Math.min(to - from, 1 + below(to - from)),
    told(batch, earlier) {
      const told = [...batch]
      for (let again = below(3); again > 0 && earlier.length > 0; again--) {
        const old = earlier[below(earlier.length)]
        if (old !== undefined) told.push(old)
      }
      for (let last = told.length - 1; last > 0; last--) {
        const other = below(last + 1)
        const [a, b] = [told[last], told[other]]
        if (a !== undefined && b !== undefined) [told[last], told[other]] = [b, a]
      }
      return told
    },
  }
}

/** The log of a simulated store's changes. A cursor is a position in it, and the era in which it counts. */
export class SimulatedFeed {
  readonly #clock: Clock
  readonly #log: SimulatedChange[] = []
  readonly #waiting = new Set<() => void>()
  #era = 0
  disturbance: FeedDisturbance | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(change: SimulatedChange): void {
    this.#log.push(change)
    for (const wake of [...this.#waiting]) wake()
  }

  /** Whoever comes with a cursor of before has to read everything again. */
  expireCursors(): void {
    this.#era++
    for (const wake of [...this.#waiting]) wake()
  }

  cursor(): string {
    return `${this.#era}:${this.#log.length}`
  }

  async changes(cursor: string, waitMs: number, signal?: AbortSignal): Promise<RemoteChanges> {
    const [era, from] = cursor.split(':').map(Number)
    if (from === undefined) throw new TorcError('BAD_REQUEST', `${cursor} is no cursor`)
    if (era === this.#era && from === this.#log.length && waitMs > 0) await this.#change(waitMs, signal)
    if (era !== this.#era) return { names: new Map(), removed: new Set(), cursor: this.cursor(), reset: true }
    const end = this.#log.length
    const to = from === end ? end : (this.disturbance?.upTo(from, end) ?? end)
    const batch = this.#log.slice(from, to)
    const told = this.disturbance?.told(batch, this.#log.slice(0, from)) ?? batch
    const names = new Map<string, string[]>()
    const gone = new Set<string>()
    for (const { name, versionId, removed } of told) {
      if (removed) gone.add(name)
      const ids = names.get(name)
      if (ids === undefined) names.set(name, [versionId])
      else ids.push(versionId)
    }
    return { names, removed: gone, cursor: `${era}:${to}`, reset: false }
  }

  /** Until something is told, the time is over, or the caller does not want to know any more (CANCELLED). */
  #change(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) throw cancelled()
      const end = (): void => {
        this.#waiting.delete(wake)
        stopTimer()
        signal?.removeEventListener('abort', cancel)
      }
      const wake = (): void => {
        end()
        resolve()
      }
      const cancel = (): void => {
        end()
        reject(cancelled())
      }
      const stopTimer = this.#clock.after(waitMs, wake)
      this.#waiting.add(wake)
      signal?.addEventListener('abort', cancel)
    })
  }
}

function cancelled(): TorcError {
  return new TorcError('CANCELLED', 'waiting for changes was cancelled')
}
