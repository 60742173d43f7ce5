import { decodeEpoch, type Epoch, epochHash } from '@torc/cluster/ring/epoch'
import { blockPartition } from '@torc/cluster/ring/partition'
import type { BlockReference } from '@torc/cluster/state/version'
import type { Hasher } from '@torc/protocol/environment/hasher'
import { TorcError } from '@torc/protocol/errors'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { TransactionListener } from '../index/group-commit.js'

/** An epoch with its bytes as they travel, which are what its hash is made of. */
interface StoredEpoch {
  readonly epoch: Epoch
  readonly record: Uint8Array
}

/** The disk proved to be an old copy while the newest layout had this number. */
interface RestoredNote {
  readonly epoch: number
  readonly reason: string
}

/**
 * The layout that this agent stored last, and the checks that every request on keys and blocks passes. An epoch is
 * a write-once register: another one of the same number is refused, loudly.
 */
export class AgentLayout implements TransactionListener {
  readonly #nodeId: string
  readonly #hasher: Hasher
  readonly #insert: SqlStatement
  #stored: StoredEpoch | undefined
  /** Stored in the transaction that is under way. */
  #pending: StoredEpoch | undefined
  #owned: readonly boolean[] = []
  readonly #forgetNotes: SqlStatement
  readonly #note: SqlStatement
  #agents: readonly string[] = []
  #restored: RestoredNote | undefined
  /** Whether that note is in force. */
  #out = false
  #pendingNote: RestoredNote | undefined
  #watchers: (() => void)[] = []

  constructor(database: SqlDatabase, nodeId: string, hasher: Hasher) {
    this.#nodeId = nodeId
    this.#hasher = hasher
    this.#insert = database.prepare('INSERT INTO epochs (number, hash, record) VALUES (?, ?, ?)')
    this.#forgetNotes = database.prepare('DELETE FROM restored')
    this.#note = database.prepare('INSERT INTO restored (epoch, reason) VALUES (?, ?)')
    this.#restored = database.prepare('SELECT epoch, reason FROM restored').get() as RestoredNote | undefined
    const row = database.prepare('SELECT record FROM epochs ORDER BY number DESC LIMIT 1').get() as
      | { record: Uint8Array }
      | undefined
    if (row !== undefined) this.#adopt({ record: row.record, epoch: decodeEpoch(row.record) })
  }

  /** Number of the epoch, 0 before the first. */
  get number(): number {
    return this.#stored?.epoch.number ?? 0
  }

  /** The epoch as it was stored. */
  get record(): Uint8Array | undefined {
    return this.#stored?.record
  }

  /** Ids of the agents of the current epoch; none before the first. */
  get agents(): readonly string[] {
    return this.#agents
  }

  /**
   * Why this agent takes no part, although the layout may name it: its disk proved to be an old copy, and no layout has
   * given it partitions since. Undefined when all is well.
   */
  get restored(): string | undefined {
    return this.#out ? this.#restored?.reason : undefined
  }

  /** Calls `callback` when a layout has come into force, or this agent has left. */
  watch(callback: () => void): void {
    this.#watchers.push(callback)
  }

  /**
   * Notes that the disk is an old copy; runs inside a transaction and is in force once that is durable. `epoch`: number
   * of the newest layout that anybody knows; only a later one brings this agent back.
   */
  leave(epoch: number, reason: string): void {
    const note = { epoch: Math.max(epoch, this.number), reason }
    this.#forgetNotes.run()
    this.#note.run(note.epoch, note.reason)
    this.#pendingNote = note
  }

  /** UNAVAILABLE while this agent takes no part. */
  checkTakesPart(): void {
    if (!this.#out) return
    throw new TorcError(
      'UNAVAILABLE',
      `agent ${this.#nodeId} has an old copy of its disk and takes no part until a layout gives it partitions`,
    )
  }

  /** Partitions of the current epoch. NO_LAYOUT before the first. */
  get partitions(): number {
    return this.#current().table.partitions
  }

  /** Partitions and owners wanted per partition; undefined before the first layout. */
  get shape(): { readonly partitions: number; readonly replicas: number } | undefined {
    return this.#stored?.epoch.table
  }

  /** The owners of each partition. NO_LAYOUT before the first layout. */
  get rows(): readonly (readonly string[])[] {
    return this.#current().table.rows
  }

  /** The owners of a partition, in ring order. NO_LAYOUT before the first layout. */
  ownersOf(partition: number): readonly string[] {
    return this.#current().table.rows[partition] ?? []
  }

  /** Whether this agent owns the partition; false before the first layout. */
  owns(partition: number): boolean {
    return this.#owned[partition] === true
  }

  /** The agents that own any of these blocks. NO_LAYOUT before the first layout. */
  ownersOfBlocks(blocks: readonly BlockReference[]): string[] {
    const partitions = new Set(blocks.map(({ hash }) => blockPartition(hash, this.partitions)))
    return [...new Set([...partitions].flatMap(partition => this.ownersOf(partition)))]
  }

  /**
   * STALE_EPOCH for a request under another epoch than this agent's, NO_LAYOUT before the first, UNAVAILABLE while the
   * agent takes no part. Without transitions between epochs every epoch is settled, so that the request's stage tells
   * nothing.
   */
  checkEpoch(number: number): void {
    const epoch = this.#current()
    this.checkTakesPart()
    if (number === epoch.number) return
    const which = number < epoch.number ? 'an older' : 'a newer'
    throw new TorcError(
      'STALE_EPOCH',
      `the request has ${which} layout (${number}) than agent ${this.#nodeId} (${epoch.number})`,
    )
  }

  /** NOT_OWNER unless this agent owns the partition: an error, never an empty answer. */
  checkOwner(partition: number): void {
    this.checkTakesPart()
    if (!this.owns(partition)) {
      throw new TorcError(
        'NOT_OWNER',
        `agent ${this.#nodeId} does not own partition ${partition} in layout ${this.number}`,
      )
    }
  }

  /** NOT_OWNER unless this agent owns anything. */
  checkMember(): void {
    this.checkTakesPart()
    if (!this.#owned.includes(true)) {
      throw new TorcError('NOT_OWNER', `agent ${this.#nodeId} owns nothing in layout ${this.number}`)
    }
  }

  /**
   * Stores an epoch; runs inside a transaction and is in force once that is durable. The same one again changes
   * nothing. CONFLICT when it is another one of the same number or does not follow from the one that is here;
   * STALE_EPOCH when it is older.
   */
  store(record: Uint8Array): void {
    const epoch = decodeEpoch(record, 'BAD_REQUEST')
    const hash = epochHash(this.#hasher, epoch)
    const current = this.#pending ?? this.#stored
    if (current !== undefined && !this.#follows(current, epoch, hash)) return
    this.#insert.run(epoch.number, hash, record)
    this.#pending = { epoch, record }
  }

  beforeCommit(): void {
    // The row is written by `store`.
  }

  committed(): void {
    const pending = this.#pending
    const pendingNote = this.#pendingNote
    this.rolledBack()
    if (pending === undefined && pendingNote === undefined) return
    if (pendingNote !== undefined) this.#restored = pendingNote
    const stored = pending ?? this.#stored
    if (stored !== undefined) this.#adopt(stored)
    for (const callback of this.#watchers) callback()
  }

  rolledBack(): void {
    this.#pending = undefined
    this.#pendingNote = undefined
  }

  /** Whether `epoch` is to be stored after `current`; false when it is that very epoch. */
  #follows(current: StoredEpoch, epoch: Epoch, hash: Uint8Array): boolean {
    const currentHash = epochHash(this.#hasher, current.epoch)
    const { number } = current.epoch
    if (epoch.number === number && Buffer.compare(hash, currentHash) === 0) return false
    if (epoch.number < number) {
      throw new TorcError(
        'STALE_EPOCH',
        `layout ${epoch.number} is older than layout ${number} of agent ${this.#nodeId}`,
      )
    }
    if (epoch.number !== number + 1 || Buffer.compare(epoch.parentHash, currentHash) !== 0) {
      throw new TorcError(
        'CONFLICT',
        `layout ${epoch.number} contradicts layout ${number} that agent ${this.#nodeId} has`,
        {
          hint: 'Two layouts were made apart from each other: keep the agents of one of them.',
        },
      )
    }
    return true
  }

  #current(): Epoch {
    if (this.#stored === undefined)
      throw new TorcError('NO_LAYOUT', `agent ${this.#nodeId} knows no layout yet`)
    return this.#stored.epoch
  }

  #adopt(stored: StoredEpoch): void {
    this.#stored = stored
    const { number, agents, table } = stored.epoch
    this.#agents = agents.map(({ id }) => id)
    const placed = table.rows.map(row => row.includes(this.#nodeId))
    this.#out = this.#restored !== undefined && (number <= this.#restored.epoch || !placed.includes(true))
    this.#owned = this.#out ? [] : placed
  }
}
