import { actorId } from '@torc/cluster/clocks/dot'
import { limits } from '@torc/protocol/limits'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { LeaseEnd } from '../index/counter-lease.js'

/**
 * Leases of counters that this agent keeps for the others. Of each agent the newest actors stay, so many as an answer
 * may list. To forget older ones is safe: a disk that does not know the newest actor is found to be an old copy by that
 * one, and a disk that knows it never mints as an older one again.
 */
export class KeptLeases {
  readonly #find: SqlStatement
  readonly #raise: SqlStatement
  readonly #insert: SqlStatement
  readonly #trim: SqlStatement
  readonly #list: SqlStatement
  readonly #actorsMax: number

  constructor(database: SqlDatabase, actorsMax: number = limits.actorsListedMax) {
    this.#actorsMax = actorsMax
    this.#find = database
      .prepare('SELECT lease_end FROM counter_leases WHERE agent = ? AND actor = ?')
      .pluck()
    this.#raise = database.prepare('UPDATE counter_leases SET lease_end = ? WHERE agent = ? AND actor = ?')
    this.#insert = database.prepare('INSERT INTO counter_leases (agent, actor, lease_end) VALUES (?, ?, ?)')
    this.#trim = database.prepare(
      'DELETE FROM counter_leases WHERE id IN (SELECT id FROM counter_leases WHERE agent = ? ORDER BY id DESC LIMIT -1 OFFSET ?)',
    )
    this.#list = database.prepare(
      'SELECT actor, lease_end AS leaseEnd FROM counter_leases WHERE agent = ? ORDER BY id DESC LIMIT ?',
    )
  }

  /** Notes how far `agent` may count as an actor; the greatest end stays and is returned. Runs inside a transaction. */
  put(agent: string, { actor, leaseEnd }: LeaseEnd): number {
    const known = this.#find.get(agent, actor) as number | undefined
    if (known !== undefined && known >= leaseEnd) return known
    if (known !== undefined) this.#raise.run(leaseEnd, agent, actor)
    else {
      this.#insert.run(agent, actor, leaseEnd)
      this.#trim.run(agent, this.#actorsMax)
    }
    return leaseEnd
  }

  /** The actors of an agent, the newest first. */
  of(agent: string): LeaseEnd[] {
    const rows = this.#list.all(agent, this.#actorsMax) as { actor: string; leaseEnd: number }[]
    return rows.map(row => ({ actor: actorId(row.actor, 'CORRUPT'), leaseEnd: row.leaseEnd }))
  }
}
