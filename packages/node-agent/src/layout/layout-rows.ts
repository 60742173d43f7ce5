import { decodeEpoch, epochHash } from '@torc/cluster/ring/epoch'
import { stageOf, stages } from '@torc/cluster/transition/stage'
import type { Hasher } from '@torc/protocol/environment/hasher'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { OwnPart, RestoredNote } from './own-part.js'

/** The rows that an agent's part in the layout is kept in. All that write run inside a transaction. */
export class LayoutRows {
  readonly #database: SqlDatabase
  readonly #hasher: Hasher
  readonly #newest: SqlStatement
  readonly #record: SqlStatement
  readonly #insertEpoch: SqlStatement

  constructor(database: SqlDatabase, hasher: Hasher) {
    this.#database = database
    this.#hasher = hasher
    this.#newest = database.prepare('SELECT max(number) FROM epochs').pluck()
    this.#record = database.prepare('SELECT record FROM epochs WHERE number = ?').pluck()
    this.#insertEpoch = database.prepare(
      'INSERT INTO epochs (number, hash, record) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    )
  }

  load(): OwnPart {
    const database = this.#database
    const number = this.#newest.get() as number | null
    const staged = database.prepare('SELECT number, stage FROM layout_stage').get() as
      | { number: number; stage: number }
      | undefined
    const restored = database.prepare('SELECT epoch, reason FROM restored').get() as RestoredNote | undefined
    const unsynced = database.prepare('SELECT partition, held FROM unsynced').raw().all() as [
      number,
      number,
    ][]
    const leftovers = database.prepare('SELECT partition FROM leftovers').pluck().all() as number[]
    const draining = database.prepare('SELECT agent FROM draining').pluck().all() as string[]
    const epoch = number === null ? undefined : this.#epoch(number)
    // An index of before transitions says nothing of stages: each layout was in force at once.
    const stage = staged?.number === number ? stageOf(staged?.stage ?? stages.settled) : stages.settled
    return {
      layout: epoch && { epoch, previous: this.#epoch(epoch.number - 1), stage },
      restored,
      unsynced: new Map(unsynced),
      leftovers: new Set(leftovers),
      draining: new Set(draining),
    }
  }

  /** A layout as it was stored. */
  record(number: number): Uint8Array | undefined {
    return this.#record.get(number) as Uint8Array | undefined
  }

  addEpoch(record: Uint8Array): void {
    const epoch = decodeEpoch(record)
    this.#insertEpoch.run(epoch.number, epochHash(this.#hasher, epoch), record)
  }

  /** Everything but the layouts themselves, where it differs from what was there. */
  save(part: OwnPart, before: OwnPart): void {
    const database = this.#database
    const { layout, restored, unsynced, leftovers, draining } = part
    if (layout !== before.layout && layout !== undefined) {
      database.prepare('DELETE FROM layout_stage').run()
      database
        .prepare('INSERT INTO layout_stage (number, stage) VALUES (?, ?)')
        .run(layout.epoch.number, layout.stage)
    }
    if (restored !== before.restored) {
      database.prepare('DELETE FROM restored').run()
      if (restored !== undefined)
        database
          .prepare('INSERT INTO restored (epoch, reason) VALUES (?, ?)')
          .run(restored.epoch, restored.reason)
    }
    const put = database.prepare('INSERT OR REPLACE INTO unsynced (partition, held) VALUES (?, ?)')
    for (const [partition, held] of unsynced)
      if (before.unsynced.get(partition) !== held) put.run(partition, held)
    const drop = database.prepare('DELETE FROM unsynced WHERE partition = ?')
    for (const partition of before.unsynced.keys()) if (!unsynced.has(partition)) drop.run(partition)
    this.#saveSet('leftovers', 'partition', leftovers, before.leftovers)
    this.#saveSet('draining', 'agent', draining, before.draining)
  }

  #saveSet<T extends number | string>(
    table: string,
    column: string,
    now: ReadonlySet<T>,
    before: ReadonlySet<T>,
  ): void {
    if (now === before) return
    const put = this.#database.prepare(`INSERT INTO ${table} (${column}) VALUES (?)`)
    const drop = this.#database.prepare(`DELETE FROM ${table} WHERE ${column} = ?`)
    for (const item of now) if (!before.has(item)) put.run(item)
    for (const item of before) if (!now.has(item)) drop.run(item)
  }

  #epoch(number: number) {
    const record = this.record(number)
    return record === undefined ? undefined : decodeEpoch(record)
  }
}
