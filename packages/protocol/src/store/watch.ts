import { backoffMs } from '../environment/backoff.js'
import type { Clock } from '../environment/clock.js'
import type { Random } from '../environment/random.js'
import { TorcError } from '../errors.js'
import type { Change, ChangeBatch, ChangeFeed, WatchOptions } from './changes.js'

/** How long one question waits at the server. */
const pollMs = 20_000
/** Changes that are remembered as told. Beyond, the oldest are forgotten, and may be told again. */
const toldMax = 100_000
/** Bounds of the wait between questions while servers fail. */
const retryFirstMs = 100
const retryMostMs = 5_000

/** What was told, the oldest first, so that the reports of other agents on the same are dropped. */
export class ToldChanges {
  readonly #told = new Set<string>()
  readonly #most: number

  constructor(most = toldMax) {
    this.#most = most
  }

  /** Those of the changes that are told for the first time. */
  fresh(changes: readonly Change[]): Change[] {
    return changes.filter(({ key, versionId, type }) => {
      const told = `${versionId} ${type} ${key}`
      if (this.#told.has(told)) return false
      this.#told.add(told)
      this.#forgetOldest()
      return true
    })
  }

  #forgetOldest(): void {
    for (const oldest of this.#told) {
      if (this.#told.size <= this.#most) return
      this.#told.delete(oldest)
    }
  }
}

/** Follows the feed by one question after the other; see `ChangeFeed.watch`. */
export async function* watchChanges(
  store: Pick<ChangeFeed, 'changes'>,
  bucket: string,
  options: WatchOptions,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): AsyncGenerator<ChangeBatch> {
  const { signal } = options
  const told = new ToldChanges()
  let { cursor } = options
  let begun = false
  let failures = 0
  for (;;) {
    if (signal?.aborted === true) throw cancelled(signal)
    // The first question shows at once whether there is such a bucket and a server that tells of it.
    const waitMs = begun ? pollMs : 0
    let batch: ChangeBatch
    try {
      batch = await store.changes(bucket, { ...options, cursor, waitMs })
    } catch (thrown) {
      const error = TorcError.from(thrown)
      if (!begun || !error.retryable) throw error
      await pause(clock, backoffMs(failures++, random.fraction(), retryFirstMs, retryMostMs), signal)
      continue
    }
    begun = true
    failures = 0
    cursor = batch.cursor
    yield { ...batch, changes: told.fresh(batch.changes) }
  }
}

/** Ends early where the caller gives up: the loop looks at the signal itself. */
function pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      disarm()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const disarm = clock.after(ms, done)
    signal?.addEventListener('abort', done)
    if (signal?.aborted === true) done()
  })
}

function cancelled(signal: AbortSignal): TorcError {
  if (signal.reason instanceof TorcError) return signal.reason
  return new TorcError('CANCELLED', 'the watch was cancelled', { cause: signal.reason })
}
