import type { IncomingRequest, Reply } from '@torc/protocol/exchange/exchange'
import type { MessageName } from '@torc/protocol/messages/table'
import type { CounterLeases } from '../actors/counter-leases.js'

/**
 * Lets requests that need a fresh dot wait for the check of the disk after the start: without it each of them would
 * begin a temporary actor, which stays in the contexts of all keys that it wrote.
 */
export function afterCheck<N extends MessageName>(
  leases: Pick<CounterLeases, 'checked'>,
  handler: (request: IncomingRequest<N>) => Promise<Reply<N>>,
) {
  return (request: IncomingRequest<N>): Promise<Reply<N>> => {
    const { checked } = leases
    return checked === undefined ? handler(request) : checked.then(() => handler(request))
  }
}
