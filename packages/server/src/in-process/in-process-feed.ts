import type { Environment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import type { ChangeBatch, ChangeFeed, WatchOptions } from '@torc/protocol/store/changes'
import { watchChanges } from '@torc/protocol/store/watch'

/** The feed of changes for callers in the coordinator's own process. */
export class InProcessFeed implements ChangeFeed {
  readonly #environment: Environment

  constructor(environment: Environment) {
    this.#environment = environment
  }

  async changes(): Promise<ChangeBatch> {
    throw new TorcError('UNSUPPORTED', 'this server does not tell changes yet')
  }

  watch(bucket: string, options: WatchOptions = {}): AsyncIterable<ChangeBatch> {
    return watchChanges(this, bucket, options, this.#environment)
  }
}
