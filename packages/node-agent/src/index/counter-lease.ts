import { type ActorId, actorId, makeActorId } from '@torc/cluster/clocks/dot'
import type { Random } from '@torc/protocol/environment/random'
import { limits } from '@torc/protocol/limits'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { TransactionListener } from './group-commit.js'

/** Counters per lease: a restart skips at most so many. */
const leaseCounters = 1 << 16

/**
 * The actor that this agent mints as, and its next counter. The end of the lease is on the disk, in the same
 * transaction as the first dot beyond the old end, before any of these dots can be seen outside; after a crash
 * counting begins above it. No dot is ever minted twice (Riak kv679).
 */
export class CounterLease implements TransactionListener {
  readonly #random: Random
  readonly #save: SqlStatement
  readonly #list: SqlStatement
  #actor: ActorId
  #durableEnd: number
  #end: number
  #last: number

  constructor(database: SqlDatabase, random: Random) {
    const row = database
      .prepare('SELECT actor, lease_end AS leaseEnd FROM actors ORDER BY rowid DESC LIMIT 1')
      .get() as { actor: string; leaseEnd: number } | undefined
    this.#random = random
    this.#actor = row === undefined ? makeActorId(random) : actorId(row.actor, 'CORRUPT')
    this.#save = database.prepare(
      'INSERT INTO actors (actor, lease_end) VALUES (?, ?) ON CONFLICT (actor) DO UPDATE SET lease_end = excluded.lease_end',
    )
    this.#list = database.prepare('SELECT actor FROM actors ORDER BY rowid DESC LIMIT ?').pluck()
    this.#durableEnd = row?.leaseEnd ?? 0
    this.#end = this.#durableEnd
    this.#last = this.#durableEnd
  }

  get actor(): ActorId {
    return this.#actor
  }

  /** Actors that this agent has minted as, the newest first. */
  actors(): ActorId[] {
    return this.#list.all(limits.actorsListedMax) as ActorId[]
  }

  /** Goes on as a new actor, whose counters nobody has seen. */
  renew(): void {
    this.#actor = makeActorId(this.#random)
    this.#durableEnd = 0
    this.#end = 0
    this.#last = 0
  }

  /** A counter that was never handed out before. A counter of a transaction that is undone is skipped for good. */
  next(): number {
    this.#last++
    if (this.#last > this.#end) this.#end = this.#last + leaseCounters - 1
    return this.#last
  }

  beforeCommit(): void {
    if (this.#end > this.#durableEnd) this.#save.run(this.#actor, this.#end)
  }

  committed(): void {
    this.#durableEnd = this.#end
  }

  rolledBack(): void {
    this.#end = this.#durableEnd
  }
}
