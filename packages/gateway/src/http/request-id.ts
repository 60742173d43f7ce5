import type { IncomingMessage } from 'node:http'
import type { Random } from '@torc/protocol/environment/random'

/** What a proxy before the gateway may have given: nothing that could forge a line of the log. */
const acceptable = /^[A-Za-z0-9._-]{1,64}$/

/** The id under which a request is in its answer, in errors and in the log: the client's own, where it gave a sound one. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>, random: Random): string {
  const given = headers['x-request-id']
  if (typeof given === 'string' && acceptable.test(given)) return given
  return Buffer.from(random.bytes(8)).toString('hex')
}
