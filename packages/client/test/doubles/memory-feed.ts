import { systemEnvironment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import type {
  Change,
  ChangeBatch,
  ChangeFeed,
  ChangesOptions,
  WatchOptions,
} from '@torc/protocol/store/changes'
import { watchChanges } from '@torc/protocol/store/watch'

/** A log of changes in memory. A cursor is `c` and a position in it. */
export class MemoryFeed implements ChangeFeed {
  readonly #check: (bucket: string) => void
  readonly #log: Change[] = []
  #waiting: (() => void)[] = []
  /** Changes before this position are forgotten: older cursors are answered by a reset. */
  firstKept = 0
  /** Errors that the next questions are answered with. */
  failures: TorcError[] = []
  /** Cursors of the questions, as they came. */
  readonly asked: (string | undefined)[] = []

  constructor(check: (bucket: string) => void) {
    this.#check = check
  }

  /** Notes changes, and wakes who waits. */
  note(...changes: readonly Change[]): void {
    this.#log.push(...changes)
    for (const wake of this.#waiting.splice(0)) wake()
  }

  async changes(bucket: string, options: ChangesOptions = {}): Promise<ChangeBatch> {
    const { prefix = '', cursor, waitMs = 0, limit = 1000, signal } = options
    this.#check(bucket)
    this.asked.push(cursor)
    const failure = this.failures.shift()
    if (failure !== undefined) throw failure
    const now = () => `c${this.#log.length}`
    if (cursor === undefined) return { changes: [], cursor: now(), reset: false, more: false }
    const after = Number(/^c(\d+)$/.exec(cursor)?.[1] ?? Number.NaN)
    if (Number.isNaN(after)) throw new TorcError('BAD_REQUEST', `${cursor} is no cursor`)
    if (after < this.firstKept || after > this.#log.length)
      return { changes: [], cursor: now(), reset: true, more: false }
    if (after === this.#log.length && waitMs > 0) await this.#grown(signal)
    const changes: Change[] = []
    let position = after
    for (; position < this.#log.length && changes.length < limit; position++) {
      const change = this.#log[position]
      if (change?.bucket === bucket && change.key.startsWith(prefix)) changes.push(change)
    }
    return { changes, cursor: `c${position}`, reset: false, more: position < this.#log.length }
  }

  watch(bucket: string, options: WatchOptions = {}): AsyncIterable<ChangeBatch> {
    return watchChanges(this, bucket, options, systemEnvironment)
  }

  #grown(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve)
      signal?.addEventListener('abort', () => reject(new TorcError('CANCELLED', 'cancelled')), { once: true })
      if (signal?.aborted === true) reject(new TorcError('CANCELLED', 'cancelled'))
    })
  }
}
