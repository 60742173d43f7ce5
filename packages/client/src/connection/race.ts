import type { Clock } from '@torc/protocol/environment/clock'
import { TorcError } from '@torc/protocol/errors'

/** How long one attempt goes on alone before the next begins beside it, milliseconds (RFC 8305 §5 has 250). */
export const staggerMs = 250

/**
 * Begins the attempts one after the other, the next when one fails or has not succeeded within 250 ms, and resolves
 * with the first that succeeds; those under way go on by themselves. Rejects when all have failed: with the failure
 * that is for good where there is one (a server that refuses the key says more than one that is down).
 */
export function race<T>(attempts: readonly (() => Promise<T>)[], clock: Clock): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let begun = 0
    let failed = 0
    let over = false
    let failure: TorcError | undefined
    let disarm: (() => void) | undefined
    const begin = (): void => {
      disarm?.()
      disarm = undefined
      const attempt = attempts[begun]
      if (over || attempt === undefined) return
      begun++
      if (begun < attempts.length) disarm = clock.after(staggerMs, begin)
      attempt().then(succeed, fail)
    }
    const succeed = (value: T): void => {
      over = true
      disarm?.()
      resolve(value)
    }
    const fail = (thrown: unknown): void => {
      failed++
      const error = TorcError.from(thrown, 'UNREACHABLE')
      if (failure === undefined || failure.retryable) failure = error
      if (failed < attempts.length) begin()
      else reject(failure)
    }
    if (attempts.length === 0) reject(new TorcError('CONFIG', 'no server is named'))
    else begin()
  })
}
