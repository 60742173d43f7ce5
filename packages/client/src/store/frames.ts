import { TorcError } from '@torc/protocol/errors'
import type { MessageName, RequestOf, ResponseOf } from '@torc/protocol/messages/table'
import type { CallOptions } from '@torc/protocol/store/object-store'
import type { Caller } from '../connection/caller.js'
import { judgeFailure } from '../connection/retry.js'

/** A FETCH, answer by answer. It is asked again after a passing failure, as long as nothing was handed on. */
export async function* frames<N extends MessageName>(
  caller: Caller,
  name: N,
  head: RequestOf<N>,
  options: CallOptions,
): AsyncGenerator<ResponseOf<N>> {
  const deadline = caller.deadline(options)
  for (let attempt = 1; ; attempt++) {
    let begun = false
    try {
      const exchange = await caller.exchange(deadline)
      const { signal, timeoutMs = deadline.timeoutMs } = options
      for await (const answer of exchange.fetch(name, head, { signal, timeoutMs })) {
        begun = true
        yield answer.head
      }
      return
    } catch (thrown) {
      const error = TorcError.from(thrown)
      // What was handed on can't be taken back: only a gathering that had not begun may begin anew.
      const verdict = judgeFailure(error, { answered: attempt, lost: attempt }, !begun)
      if (verdict === 'give up' || deadline.remainingMs === 0) throw error
      if (error.code !== 'UNREACHABLE') await deadline.sleep(Math.min(deadline.remainingMs, 100 * attempt))
    }
  }
}
