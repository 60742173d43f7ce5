import { TorcError } from '@torc/protocol/errors'
import type { Handlers } from '@torc/protocol/exchange/exchange'

/** What clients ask about changes. */
export function feedHandlers(): Handlers {
  return {
    watchBucket() {
      throw new TorcError('UNSUPPORTED', 'this server does not tell changes yet')
    },
  }
}
