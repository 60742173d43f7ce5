import type { Environment } from '@torc/protocol/environment/system'
import { limits } from '@torc/protocol/limits'
import type { RequestOf } from '@torc/protocol/messages/table'
import type { ChangeBatch, ChangeFeed, ChangesOptions, WatchOptions } from '@torc/protocol/store/changes'
import { watchChanges } from '@torc/protocol/store/watch'
import type { Caller } from '../connection/caller.js'
import { dateOf } from './answers.js'

/** The feed of changes, as servers tell it. */
export class RemoteFeed implements ChangeFeed {
  readonly #caller: Caller
  readonly #environment: Environment

  constructor(caller: Caller, environment: Environment) {
    this.#caller = caller
    this.#environment = environment
  }

  async changes(bucket: string, options: ChangesOptions = {}): Promise<ChangeBatch> {
    const { prefix, cursor, waitMs = 0, limit, signal, timeoutMs } = options
    const head: RequestOf<'watchBucket'> = { bucket }
    if (prefix !== undefined && prefix !== '') head.prefix = prefix
    if (cursor !== undefined) head.cursor = cursor
    if (waitMs > 0) head.waitMs = Math.min(waitMs, limits.watchMsMax)
    if (limit !== undefined) head.limit = Math.min(limit, limits.feedBatchMax)
    // An answer that is waited for on purpose is not late.
    const patienceMs = this.#caller.deadline({ timeoutMs }).timeoutMs + (head.waitMs ?? 0)
    const answer = await this.#caller.call('watchBucket', head, { signal, timeoutMs: patienceMs })
    const { changes, reset = false, more = false } = answer.head
    return {
      changes: changes.map(change => ({ ...change, bucket, createdAt: dateOf(change.createdAt) })),
      ...{ cursor: answer.head.cursor, reset, more },
    }
  }

  watch(bucket: string, options: WatchOptions = {}): AsyncIterable<ChangeBatch> {
    return watchChanges(this, bucket, options, this.#environment)
  }
}
