import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { MessageName } from '@torc/protocol/messages/table'
import type { CounterLeases } from '../actors/counter-leases.js'

type Answer<N extends MessageName> = Reply<N> | AsyncIterable<Reply<N>>

/**
 * Lets requests wait for the check of the disk after the start: writes, as each would begin a temporary actor, which
 * stays in the contexts of all keys that it wrote; reads, as an old copy knows nothing of what was acknowledged since,
 * and must not be one of the R that vouch for an answer.
 */
export function afterCheck<N extends MessageName>(
  leases: Pick<CounterLeases, 'checked'>,
  handler: (request: IncomingRequest<N>) => Promise<Answer<N>> | Answer<N>,
) {
  return (request: IncomingRequest<N>): Promise<Answer<N>> | Answer<N> => {
    const { checked } = leases
    return checked === undefined ? handler(request) : checked.then(() => handler(request))
  }
}
