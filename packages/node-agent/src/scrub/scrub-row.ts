import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { ScrubPass } from './scrub-pass.js'

/** The one row of the table `scrub`. */
export class ScrubRow {
  readonly #load: SqlStatement
  readonly #save: SqlStatement

  constructor(database: SqlDatabase) {
    this.#load = database.prepare(
      `SELECT pass, asked, began_at AS beganAtMs, ended_at AS endedAtMs, position, last, blocks, bytes,
              bytes_total AS bytesTotal, found, repaired, repaired_ever AS repairedEver FROM scrub`,
    )
    this.#save = database.prepare(
      `UPDATE scrub SET pass = ?, asked = ?, began_at = ?, ended_at = ?, position = ?, last = ?, blocks = ?,
              bytes = ?, bytes_total = ?, found = ?, repaired = ?, repaired_ever = ?`,
    )
  }

  load(): ScrubPass {
    const row = this.#load.get() as Omit<ScrubPass, 'asked'> & { asked: number }
    return { ...row, asked: row.asked === 1 }
  }

  /** Inside a transaction. */
  save(pass: ScrubPass): void {
    const { asked, beganAtMs, endedAtMs, position, last, blocks, bytes, bytesTotal } = pass
    const { found, repaired, repairedEver } = pass
    this.#save.run(
      ...[pass.pass, asked ? 1 : 0, Math.floor(beganAtMs), Math.floor(endedAtMs), position, last],
      ...[blocks, bytes, bytesTotal, found, repaired, repairedEver],
    )
  }
}
