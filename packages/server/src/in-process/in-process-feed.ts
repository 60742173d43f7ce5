import { hybridToDate } from '@torc/cluster/clocks/hybrid-clock'
import type { Environment } from '@torc/protocol/environment/system'
import { limits } from '@torc/protocol/limits'
import { bucketName, keyPrefix } from '@torc/protocol/messages/fields'
import type { ChangeBatch, ChangeFeed, ChangesOptions, WatchOptions } from '@torc/protocol/store/changes'
import { watchChanges } from '@torc/protocol/store/watch'
import type { Watches } from '../feed/watches.js'

/** The feed of changes for callers in the coordinator's own process. */
export class InProcessFeed implements ChangeFeed {
  readonly #watches: Watches
  readonly #environment: Environment

  constructor(watches: Watches, environment: Environment) {
    this.#watches = watches
    this.#environment = environment
  }

  async changes(bucket: string, options: ChangesOptions = {}): Promise<ChangeBatch> {
    const { cursor, waitMs = 0, limit = limits.feedBatchMax, timeoutMs, signal } = options
    const batch = await this.#watches.watch({
      bucket: bucketName.check(bucket, 'bucket'),
      prefix: keyPrefix.check(options.prefix ?? '', 'prefix'),
      cursor,
      waitMs: Math.max(0, Math.min(waitMs, limits.watchMsMax)),
      limit: Math.max(1, Math.min(limit, limits.feedBatchMax)),
      ...{ timeoutMs, signal },
    })
    const changes = batch.changes.map(({ key, versionId, kind, type, createdAt }) => ({
      ...{ bucket, key, versionId, kind, type, createdAt: hybridToDate(createdAt) },
    }))
    return { changes, cursor: batch.cursor, reset: batch.reset, more: batch.more }
  }

  watch(bucket: string, options: WatchOptions = {}): AsyncIterable<ChangeBatch> {
    return watchChanges(this, bucket, options, this.#environment)
  }
}
