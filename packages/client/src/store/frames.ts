import { TorcError } from '@torc/protocol/errors'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import type { MessageName, RequestOf, ResponseOf } from '@torc/protocol/messages/table'
import type { CallOptions } from '@torc/protocol/store/object-store'
import type { Caller } from '../connection/caller.js'
import { judgeFailure } from '../connection/retry.js'

/**
 * A FETCH, answer by answer. After a passing failure it is asked again from its beginning, at another server where
 * there is one: as long as nothing was handed on, and beyond that only where `onRepeat` is given. It is told that
 * answers come again that it has had.
 */
export async function* frames<N extends MessageName>(
  caller: Caller,
  name: N,
  head: RequestOf<N>,
  options: CallOptions,
  onRepeat?: () => void,
): AsyncGenerator<ResponseOf<N>> {
  let deadline = caller.deadline(options)
  let failure: TorcError | undefined
  let exchange: Exchange | undefined
  for (let attempt = 1; ; attempt++) {
    let begun = false
    try {
      exchange = await caller.exchangeAfter(failure, exchange, undefined, deadline)
      const { signal, timeoutMs = deadline.timeoutMs } = options
      for await (const answer of exchange.fetch(name, head, { signal, timeoutMs })) {
        begun = true
        yield answer.head
      }
      return
    } catch (thrown) {
      failure = TorcError.from(thrown)
      // What was handed on can't be taken back: only a gathering that had not begun, or one that skips, may begin anew.
      const circumstances = { resendable: !begun || onRepeat !== undefined, several: caller.several }
      if (judgeFailure(failure, { answered: attempt, lost: attempt }, circumstances) === 'give up')
        throw failure
      if (begun) {
        // It took as long as it took; the patience is with each step.
        deadline = caller.deadline(options)
        onRepeat?.()
      }
      if (deadline.remainingMs === 0) throw failure
      if (failure.code !== 'UNREACHABLE') await deadline.sleep(Math.min(deadline.remainingMs, 100 * attempt))
    }
  }
}
