import { type Lease, unleased } from '../frames/lease.js'
import type { IncomingBody } from './exchange.js'

/** Pieces of a body, for readers that say when they are done with each. */
export async function* leasesOf(
  body: IncomingBody | AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Lease> {
  const leases = 'leases' in body ? body.leases?.() : undefined
  if (leases !== undefined) yield* leases
  else for await (const piece of body) yield unleased(piece)
}
