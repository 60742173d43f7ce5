import { TorcError } from '@torc/protocol/errors'
import type { RequestOf } from '@torc/protocol/messages/table'
import type { CallOptions, FetchItem } from '@torc/protocol/store/object-store'
import type { Caller } from '../connection/caller.js'
import { judgeFailure } from '../connection/retry.js'

/** FETCH: every version that the agents hold, frame by frame; ends with PARTIAL when some were not covered. */
export async function* gather(
  caller: Caller,
  bucket: string,
  options: CallOptions & { readonly prefix?: string | undefined },
): AsyncGenerator<FetchItem> {
  const head: RequestOf<'fetchBucket'> = { bucket }
  if (options.prefix !== undefined && options.prefix !== '') head.prefix = options.prefix
  const deadline = caller.deadline(options)
  const silent = new Set<string>()
  let missing = 0
  for (let attempt = 1; ; attempt++) {
    let begun = false
    try {
      const exchange = await caller.exchange(deadline)
      const { signal, timeoutMs = deadline.timeoutMs } = options
      for await (const answer of exchange.fetch('fetchBucket', head, { signal, timeoutMs })) {
        begun = true
        for (const item of answer.head.items) yield { bucket, ...item }
        missing += answer.head.missing?.length ?? 0
        for (const agent of answer.head.silent ?? []) silent.add(agent)
      }
      break
    } catch (thrown) {
      const error = TorcError.from(thrown)
      // What was handed on can't be taken back: only a gathering that had not begun may begin anew.
      const verdict = judgeFailure(error, { answered: attempt, lost: attempt }, !begun)
      if (verdict === 'give up' || deadline.remainingMs === 0) throw error
      if (error.code !== 'UNREACHABLE') await deadline.sleep(Math.min(deadline.remainingMs, 100 * attempt))
    }
  }
  if (missing > 0) {
    const names = [...silent].sort()
    throw new TorcError(
      'PARTIAL',
      `${missing} partitions were not covered: ${names.join(', ')} did not answer`,
      {
        details: { missing, silent: names },
      },
    )
  }
}
