import { TorcError } from '@torc/protocol/errors'

/** Operations that are remembered; the one looked for longest ago is forgotten first. */
export const fencedOperationsMax = 16_384

/**
 * Attempts of a write that come late. A server that lost the answer of its mint looks for the operation first and
 * mints again only where nobody has it. Without a fence the first mint could still arrive after the look: one write
 * would then have two versions. So the look names the attempt that may follow, and an owner that was asked takes no
 * mint but of that attempt. The same holds for purges that read what they take: one that comes late would take what was
 * written since. In memory only: a process that ends takes its connections, and what they brought, along.
 */
export class OperationFence {
  readonly #attempts = new Map<string, string>()
  readonly #operationsMax: number

  constructor(operationsMax = fencedOperationsMax) {
    this.#operationsMax = operationsMax
  }

  get size(): number {
    return this.#attempts.size
  }

  /**
   * From now on only `attempt` may mint this operation, unless a greater one was named before: names rise with the
   * looks. Were it the order of arrival that counts, two looks that cross could each win at one owner, and both mint.
   */
  raise(opId: Uint8Array, attempt: Uint8Array): void {
    const name = textOf(opId)
    const asked = textOf(attempt)
    const before = this.#attempts.get(name)
    this.#attempts.delete(name)
    this.#attempts.set(name, before !== undefined && before > asked ? before : asked)
    if (this.#attempts.size <= this.#operationsMax) return
    for (const oldest of this.#attempts.keys()) {
      this.#attempts.delete(oldest)
      return
    }
  }

  /** SUPERSEDED when the operation was looked for on behalf of another attempt. */
  check(opId: Uint8Array, attempt: Uint8Array | undefined): void {
    if (this.#attempts.size === 0) return
    const wanted = this.#attempts.get(textOf(opId))
    if (wanted === undefined || (attempt !== undefined && wanted === textOf(attempt))) return
    throw new TorcError('SUPERSEDED', 'a later attempt of this write has taken its place')
  }
}

/** As text, so that no view of the frame that brought the bytes keeps it in memory. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
