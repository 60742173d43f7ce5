import type { Clock } from '@torc/protocol/environment/clock'
import { TorcError } from '@torc/protocol/errors'

/** The error of an aborted signal: its reason where that is a TorcError, else CANCELLED. */
export function cancelledBy(signal: AbortSignal): TorcError {
  if (signal.reason instanceof TorcError) return signal.reason
  return new TorcError('CANCELLED', 'the request was cancelled', { cause: signal.reason })
}

/** The time that one call has, over all its attempts, and the caller's wish to stop. */
export class Deadline {
  readonly #clock: Clock
  readonly #endMs: number
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined

  constructor(clock: Clock, timeoutMs: number, signal?: AbortSignal, startedMs = clock.monotonicMs()) {
    this.#clock = clock
    this.#endMs = startedMs + timeoutMs
    this.timeoutMs = timeoutMs
    this.signal = signal
  }

  get remainingMs(): number {
    return Math.max(0, this.#endMs - this.#clock.monotonicMs())
  }

  /** Settles as `promise` does, or rejects with TIMEOUT or the signal's error when those come first. */
  wait<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this
    return new Promise<T>((resolve, reject) => {
      if (signal?.aborted) {
        reject(cancelledBy(signal))
        return
      }
      const stop = (): void => {
        disarm()
        signal?.removeEventListener('abort', onAbort)
      }
      const onAbort = (): void => {
        stop()
        if (signal !== undefined) reject(cancelledBy(signal))
      }
      const disarm = this.#clock.after(this.remainingMs, () => {
        stop()
        reject(new TorcError('TIMEOUT', `no answer within ${this.timeoutMs} ms`))
      })
      signal?.addEventListener('abort', onAbort)
      promise.then(
        value => {
          stop()
          resolve(value)
        },
        (error: unknown) => {
          stop()
          reject(error)
        },
      )
    })
  }

  /** Waits `ms`; rejects when the deadline or the signal comes first. */
  sleep(ms: number): Promise<void> {
    let cancel: (() => void) | undefined
    const slept = new Promise<void>(resolve => {
      cancel = this.#clock.after(ms, resolve)
    })
    return this.wait(slept).finally(() => cancel?.())
  }
}
