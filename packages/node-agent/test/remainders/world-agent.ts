import { systemHasher } from '@torc/protocol/environment/system'
import { Register } from '../../src/consensus/register.js'
import { type DeliveredDelta, KeyDelivery } from '../../src/hints/key-delivery.js'
import type { GroupCommit } from '../../src/index/group-commit.js'
import type { MergeResult } from '../../src/index/key-index.js'
import { CollectionNumbers } from '../../src/remainders/collection-numbers.js'
import { RemainderKeeper } from '../../src/remainders/remainder-keeper.js'
import { IndexFixture, keyName } from '../index/index-fixture.js'
import { seededRandom } from '../support/seeded-random.js'

export const owners = [0, 1, 2] as const
export const fallback = 3
export const keys = [0, 1] as const
export const partition = 3
/** Owners that must have something before it is acknowledged. */
export const quorum = 2

/** Keys of one partition. */
export const nameOf = (key: number) => ({ ...keyName(key), partition })

/** The mutation of the tests: nothing is refused. */
class Unfenced extends CollectionNumbers {
  override check(): void {
    // Whatever it was read under.
  }
}

export class WorldAgent {
  readonly index: IndexFixture
  /** Keys that the fallback keeps for an owner, by key. */
  readonly hints = new Map<number, number>()
  numbers: CollectionNumbers
  keeper: RemainderKeeper
  register: Register
  #processes = 0

  constructor(
    readonly number: number,
    private readonly isFenced: boolean,
  ) {
    this.index = new IndexFixture(number + 1)
    this.numbers = this.#openNumbers()
    this.keeper = this.#openKeeper()
    this.register = this.#openRegister()
  }

  restart(crash: boolean): void {
    this.index.reopen(crash)
    this.numbers = this.#openNumbers()
    this.keeper = this.#openKeeper()
    this.register = this.#openRegister()
  }

  find(key: number) {
    return this.index.index.find(nameOf(key).bucketId, nameOf(key).key)
  }

  merge(key: number, delta: DeliveredDelta, readUnder: number): MergeResult {
    const { context, version, record } = delta
    const arriving =
      version === undefined || record === undefined ? undefined : { version, record, body: new Uint8Array(0) }
    return this.index.transaction(() => {
      this.numbers.check(partition, readUnder)
      return this.index.index.merge(nameOf(key), {
        context,
        arriving,
        keep: undefined,
        attributes: undefined,
      })
    })
  }

  /** All of a key's state, as deltas. */
  deltas(
    key: number,
  ): { readonly digest: Uint8Array; readonly deltas: readonly DeliveredDelta[] } | undefined {
    const delivery = KeyDelivery.of(this.index.index, systemHasher, nameOf(key))
    if (delivery === undefined) return undefined
    const deltas: DeliveredDelta[] = []
    for (let delta = delivery.next(); delta !== undefined; delta = delivery.next()) deltas.push(delta)
    return { digest: delivery.digest, deltas }
  }

  #openRegister(): Register {
    const { index, ballots: rows, remainders, intents, clock } = this.index
    return new Register({
      ...{ rows, index, intents, collections: this.numbers, remainders, clock },
      commit: this.#commit,
    })
  }

  /** Each write is a transaction of its own, at once. */
  readonly #commit: Pick<GroupCommit, 'submit'> = {
    submit: async run => this.index.transaction(run),
  }

  #openNumbers(): CollectionNumbers {
    const { database } = this.index
    return this.isFenced ? new CollectionNumbers(database) : new Unfenced(database)
  }

  #openKeeper(): RemainderKeeper {
    const { index, ballots, remainders: rows, trees, clock } = this.index
    return new RemainderKeeper({
      ...{ numbers: this.numbers, rows, index, ballots, trees, clock },
      hints: {
        keys: { has: id => [...this.hints.keys()].some(key => this.find(key)?.id === id) },
        delivered: { remove: () => undefined },
      },
      layout: { owns: () => this.number !== fallback, unsynced: new Map() },
      commit: this.#commit,
      random: seededRandom(1_000 * this.number + ++this.#processes),
    })
  }
}
