import { type ActorId, actorId, type Dot, makeActorId } from '@torc/cluster/clocks/dot'
import type { Random } from '@torc/protocol/environment/random'
import { limits } from '@torc/protocol/limits'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { TransactionListener } from './group-commit.js'

/** Counters by which a lease is extended: a restart skips at most so many. */
export const leaseCounters = 1 << 16

/** A lasting actor whose lease has less than this left asks for more. */
const leaseCountersLow = leaseCounters / 2

/** The lease of an actor that is never minted as again: no end of it that others may know is higher. */
const retiredEnd = Number.MAX_SAFE_INTEGER

/** How far an agent may count as an actor. */
export interface LeaseEnd {
  readonly actor: ActorId
  /** The greatest counter that may be used. */
  readonly leaseEnd: number
}

interface LastingActor {
  readonly actor: ActorId
  /** The last counter that was handed out, or that may have been before the process began. */
  last: number
  /** The end that a majority of the agents has stored: no counter beyond it is handed out. */
  usableEnd: number
  /** The end on the own disk, from which the next process counts. */
  storedEnd: number
}

interface TemporaryActor {
  readonly actor: ActorId
  last: number
  /** Set once the actor is on the disk: a later process counts on from there. */
  storedEnd: number | undefined
}

/**
 * The actors that this agent mints as (DESIGN §4, "Actors"; decision 27). A counter of a lasting actor is handed out
 * only below an end that is on the own disk and, as `grant` tells, on a majority's: neither a crash nor an old copy of
 * the disk mints a dot twice (Riak kv679). Where no lease is at hand a temporary actor steps in, which ends with the
 * process, so that minting never waits.
 */
export class CounterLease implements TransactionListener {
  readonly #random: Random
  readonly #save: SqlStatement
  readonly #list: SqlStatement
  readonly #all: SqlStatement
  #lasting: LastingActor | undefined
  #temporary: TemporaryActor | undefined
  /** Stored in the transaction that is under way. */
  #proposed: LeaseEnd | undefined
  #onLow: () => void = () => undefined

  constructor(database: SqlDatabase, random: Random) {
    this.#random = random
    this.#save = database.prepare(
      'INSERT INTO actors (actor, lease_end) VALUES (?, ?) ON CONFLICT (actor) DO UPDATE SET lease_end = excluded.lease_end',
    )
    this.#list = database.prepare('SELECT actor FROM actors ORDER BY rowid DESC LIMIT ?').pluck()
    this.#all = database.prepare('SELECT actor, lease_end AS leaseEnd FROM actors ORDER BY rowid DESC')
    const [newest] = this.ends()
    if (newest !== undefined && newest.leaseEnd < retiredEnd) {
      const { actor, leaseEnd } = newest
      this.#lasting = { actor, last: leaseEnd, usableEnd: leaseEnd, storedEnd: leaseEnd }
    }
  }

  /** Whether there is an actor of an earlier process to go on as. */
  get hasLasting(): boolean {
    return this.#lasting !== undefined
  }

  /** Less than half a lease is left, or none is there. */
  get low(): boolean {
    const lasting = this.#lasting
    return lasting === undefined || lasting.usableEnd - lasting.last < leaseCountersLow
  }

  /** Calls `callback` when a lease runs low. */
  watch(callback: () => void): void {
    this.#onLow = callback
  }

  /** Actors that this agent has minted as, the newest first. */
  actors(): ActorId[] {
    const stored = this.#list.all(limits.actorsListedMax) as ActorId[]
    const temporary = this.#temporary?.actor
    if (temporary === undefined || stored.includes(temporary)) return stored
    return [temporary, ...stored].slice(0, limits.actorsListedMax)
  }

  /** All actors that this disk knows, the newest first, with their ends. */
  ends(): LeaseEnd[] {
    const rows = this.#all.all() as { actor: string; leaseEnd: number }[]
    return rows.map(row => ({ actor: actorId(row.actor, 'CORRUPT'), leaseEnd: row.leaseEnd }))
  }

  /** A dot that was never handed out before. That of a transaction that is undone is skipped for good. */
  next(): Dot {
    const lasting = this.#lasting
    if (lasting !== undefined && lasting.last < lasting.usableEnd) {
      lasting.last++
      if (lasting.usableEnd - lasting.last === leaseCountersLow - 1) this.#onLow()
      return { actor: lasting.actor, counter: lasting.last }
    }
    let temporary = this.#temporary
    if (temporary === undefined || temporary.last === temporary.storedEnd) {
      temporary = this.#newTemporary()
      this.#onLow()
    }
    temporary.last++
    return { actor: temporary.actor, counter: temporary.last }
  }

  /**
   * Goes on as a new actor, as others have seen dots of the present one that this disk has not. Runs inside a
   * transaction, with which the present one is retired for later processes, too.
   */
  renew(): void {
    if (this.#lasting !== undefined) this.#save.run(this.#lasting.actor, retiredEnd)
    this.#lasting = undefined
    this.#newTemporary()
    this.#onLow()
  }

  /** Never mints as these, and as what this disk knows, again. Runs inside a transaction. */
  retireAll(others: readonly LeaseEnd[]): void {
    for (const { actor } of [...this.ends().reverse(), ...others]) this.#save.run(actor, retiredEnd)
    this.#lasting = undefined
    this.#temporary = undefined
  }

  /** A lease that is on the own disk and that no majority is known to have stored, with enough left of it. */
  unsettled(): LeaseEnd | undefined {
    const owner = this.#lasting ?? this.#temporary
    if (owner?.storedEnd === undefined) return undefined
    const { actor, last, storedEnd } = owner
    const usableEnd = this.#lasting?.usableEnd ?? 0
    if (storedEnd <= usableEnd || storedEnd - last < leaseCountersLow) return undefined
    return { actor, leaseEnd: storedEnd }
  }

  /**
   * Stores the next lease on the own disk, inside a transaction: of the lasting actor, or of the temporary one where
   * there is no other. Others are told of it once that is durable, as a higher end elsewhere says of a disk that it is
   * an old copy; it may be used once `grant` is told.
   */
  propose(): LeaseEnd {
    const owner = this.#lasting ?? this.#temporary ?? this.#newTemporary()
    const lease = {
      actor: owner.actor,
      leaseEnd: Math.max(owner.storedEnd ?? 0, owner.last) + leaseCounters,
    }
    this.#save.run(lease.actor, lease.leaseEnd)
    this.#proposed = lease
    return lease
  }

  /** A majority has stored this lease. */
  grant({ actor, leaseEnd }: LeaseEnd): void {
    const lasting = this.#lasting
    const temporary = this.#temporary
    if (lasting?.actor === actor) lasting.usableEnd = Math.max(lasting.usableEnd, leaseEnd)
    else if (lasting === undefined && temporary?.actor === actor) {
      const storedEnd = temporary.storedEnd ?? leaseEnd
      this.#lasting = { actor, last: temporary.last, usableEnd: leaseEnd, storedEnd }
      this.#temporary = undefined
    }
  }

  beforeCommit(): void {
    // The row is written by what changes it.
  }

  committed(): void {
    const proposed = this.#proposed
    this.#proposed = undefined
    for (const owner of [this.#lasting, this.#temporary])
      if (owner !== undefined && owner.actor === proposed?.actor) owner.storedEnd = proposed.leaseEnd
  }

  rolledBack(): void {
    this.#proposed = undefined
  }

  #newTemporary(): TemporaryActor {
    this.#temporary = { actor: makeActorId(this.#random), last: 0, storedEnd: undefined }
    return this.#temporary
  }
}
