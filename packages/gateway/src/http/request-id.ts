import type { IncomingMessage } from 'node:http'
import type { Random } from '@torc/protocol/environment/random'

/** What a proxy before the gateway may have given: nothing that could forge a line of the log. */
const acceptable = /^[A-Za-z0-9._-]{1,64}$/

const idBytes = 8
/** To ask the system for so many at once costs hardly more than to ask for one. */
const idsAtOnce = 128

/** Gives each request the id under which it is in its answer, in errors and in the log. */
export class RequestIds {
  readonly #random: Random
  #pool: Buffer = Buffer.alloc(0)
  #at = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** The client's own id, where it gave a sound one. */
  of({ headers }: Pick<IncomingMessage, 'headers'>): string {
    const given = headers['x-request-id']
    if (typeof given === 'string' && acceptable.test(given)) return given
    if (this.#at === this.#pool.length) {
      this.#pool = Buffer.from(this.#random.bytes(idBytes * idsAtOnce))
      this.#at = 0
    }
    const id = this.#pool.toString('hex', this.#at, this.#at + idBytes)
    this.#at += idBytes
    return id
  }
}
