import { TorcError } from '@torc/protocol/errors'

/**
 * The collection numbers of partitions as far as this server has heard of them, from answers to reads and from refusals
 * (DESIGN §10). A flow takes the one of its partition before it reads anything, and names it in all that it sends: what it
 * read is then no older than that number. Only partitions of which something was ever collected take memory.
 */
export class CollectionNumbers {
  readonly #numbers = new Map<number, number>()

  /** 0 where nothing is known. */
  of(partition: number): number {
    return this.#numbers.size === 0 ? 0 : (this.#numbers.get(partition) ?? 0)
  }

  /** An agent has this number; undefined tells nothing. */
  observe(partition: number, number: number | undefined): void {
    if (number !== undefined && number > this.of(partition)) this.#numbers.set(partition, number)
  }

  /** Takes over what a refusal tells; whether `thrown` is one, after which the flow begins anew. */
  learn(thrown: unknown): boolean {
    const { code, details } = TorcError.from(thrown)
    if (code !== 'STALE_COLLECTION') return false
    const { partition, collection } = details ?? {}
    if (typeof partition === 'number' && typeof collection === 'number') this.observe(partition, collection)
    return true
  }
}

/** What a flow has read may be older than the collection that is known by now. */
export function staleCollection(partition: number, collection: number): TorcError {
  return new TorcError('STALE_COLLECTION', `partition ${partition} was raised to collection ${collection}`, {
    details: { partition, collection },
  })
}

/** Throws the refusal of one of some agents, if there is any: the others can't help. */
export function throwStaleCollection(errors: ReadonlyMap<string, TorcError>): void {
  for (const error of errors.values()) if (error.code === 'STALE_COLLECTION') throw error
}
