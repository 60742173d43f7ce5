import type { Clock } from '@torc/protocol/environment/clock'
import type { ChangeLog } from './change-log.js'

/** Requests that are held until the log has grown. */
export class TailWaits {
  readonly #log: ChangeLog
  readonly #clock: Clock
  readonly #ends = new Set<() => void>()
  #closed = false

  constructor(log: ChangeLog, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /** Resolves once the log reaches beyond `after`, after `waitMs`, or when nobody wants to know any more. */
  async beyond(after: number, waitMs: number, signal: AbortSignal): Promise<void> {
    if (this.#closed || this.#log.last > after || waitMs === 0 || signal.aborted) return
    await new Promise<void>(resolve => {
      const end = (): void => {
        this.#ends.delete(end)
        disarm()
        unwatch()
        signal.removeEventListener('abort', end)
        resolve()
      }
      const disarm = this.#clock.after(waitMs, end)
      const unwatch = this.#log.watch(() => {
        if (this.#log.last > after) end()
      })
      signal.addEventListener('abort', end)
      this.#ends.add(end)
    })
  }

  /** Answers all: an agent that stops does not wait for its log to grow. */
  close(): void {
    this.#closed = true
    for (const end of [...this.#ends]) end()
  }
}
