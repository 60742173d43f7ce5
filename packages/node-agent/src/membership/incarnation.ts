import type { Log } from '@torc/protocol/environment/log'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'

/**
 * The agent's incarnation, kept on its disk, so that a restarted agent can always refute what was said of its earlier
 * lives (memberlist #311).
 */
export class Incarnation {
  readonly #log: Log
  readonly #database: SqlDatabase
  readonly #save: SqlStatement

  constructor(database: SqlDatabase, log: Log) {
    this.#database = database
    this.#log = log
    this.#save = database.prepare('UPDATE membership SET incarnation = max(incarnation, ?)')
  }

  /** That of a new life: above those of all earlier ones. */
  next(): number {
    const last = this.#database.prepare('SELECT incarnation FROM membership').pluck().get()
    const incarnation = Number(last) + 1
    this.store(incarnation)
    return incarnation
  }

  /**
   * Durable before sent: a statement of its own, not part of the group commit. It happens once per start and per
   * refuted suspicion.
   */
  store(incarnation: number): void {
    try {
      this.#save.run(incarnation)
    } catch (thrown) {
      // A full disk must not keep the agent from serving reads; peers that remember more are refuted again.
      this.#log.warn({ err: thrown, incarnation }, 'cannot store the incarnation')
    }
  }
}
