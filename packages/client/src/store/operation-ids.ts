import type { Random } from '@torc/protocol/environment/random'
import { operationIdBytes } from '@torc/protocol/identifiers/operation-id'

const drawn = 256

/** Random operation ids, drawn many at a time: asking the system for each would cost more than sending it. */
export class OperationIds {
  readonly #random: Random
  #pool: Uint8Array = new Uint8Array(0)
  #used = 0

  constructor(random: Random) {
    this.#random = random
  }

  next(): Uint8Array {
    if (this.#used === this.#pool.length) {
      this.#pool = this.#random.bytes(operationIdBytes * drawn)
      this.#used = 0
    }
    this.#used += operationIdBytes
    return this.#pool.subarray(this.#used - operationIdBytes, this.#used)
  }
}
