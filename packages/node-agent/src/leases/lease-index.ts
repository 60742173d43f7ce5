import type { Clock } from '@torc/protocol/environment/clock'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { Operation } from './operation.js'

/** The blocks that an operation holds on this agent, as one row and a row for each block. */
export interface Lease extends Operation {
  readonly id: number
}

/** Who follows the references to blocks, inside the transactions that change them. */
export interface ReferenceListener {
  referenceAdded(blockId: number, operation: Operation): void
  /** Called before the row goes. */
  referenceDropped(blockId: number, operation: Operation): void
}

interface StoredLease {
  readonly id: number
  readonly state: number
  readonly dueAt: number
}

/** Stored numbers. A condemned lease is being audited: it goes unless somebody knows its operation. */
const leaseState = { held: 0, condemned: 1 } as const

/** Key of leases made before keys were noted (schema 3): they are due only once a release names them. */
const unknownKey = new Uint8Array(0)

/**
 * References to blocks, as leases: an operation holds its blocks until an audit finds that no owner of its key knows
 * it (DESIGN §9). References are rows, never counters (Garage #39). All methods that change anything run inside a
 * transaction.
 */
export class LeaseIndex {
  readonly #clock: Clock
  readonly #auditAfterMs: number
  readonly #listener: ReferenceListener | undefined
  readonly #find: SqlStatement
  readonly #insert: SqlStatement
  readonly #hold: SqlStatement
  readonly #addReference: SqlStatement
  readonly #clearUnreferenced: SqlStatement
  readonly #adopt: SqlStatement
  readonly #release: SqlStatement
  readonly #due: SqlStatement
  readonly #condemn: SqlStatement
  readonly #lift: SqlStatement
  readonly #isCondemned: SqlStatement
  readonly #markUnreferenced: SqlStatement
  readonly #dropReferences: SqlStatement
  readonly #drop: SqlStatement
  readonly #isReferenced: SqlStatement
  readonly #referencesOf: SqlStatement
  readonly #dropReference: SqlStatement
  readonly #dropEmpty: SqlStatement
  readonly #markBlock: SqlStatement
  readonly #isReferrer: SqlStatement
  readonly #blocksOf: SqlStatement
  readonly #operationOf: SqlStatement
  #onDrop: (leaseId: number) => void = () => undefined

  /** `auditAfterMs`: how long after its last reference a lease is asked about for the first time. */
  constructor(database: SqlDatabase, clock: Clock, auditAfterMs: number, listener?: ReferenceListener) {
    this.#clock = clock
    this.#auditAfterMs = auditAfterMs
    this.#listener = listener
    const prepare = (sql: string): SqlStatement => database.prepare(sql)
    const ofOperation = 'WHERE op_id = ? AND bucket = ? AND key = ?'
    this.#find = prepare(`SELECT id, state, due_at AS dueAt FROM leases ${ofOperation}`)
    this.#insert = prepare('INSERT INTO leases (op_id, bucket, key, state, due_at) VALUES (?, ?, ?, 0, ?)')
    this.#hold = prepare('UPDATE leases SET state = 0, due_at = ? WHERE id = ?')
    this.#addReference = prepare(
      'INSERT INTO lease_blocks (block_id, lease_id) VALUES (?, ?) ON CONFLICT DO NOTHING',
    )
    this.#clearUnreferenced = prepare(
      'UPDATE blocks SET unreferenced_at = 0 WHERE id = ? AND unreferenced_at != 0',
    )
    this.#adopt = prepare('UPDATE leases SET key = ? WHERE id = ?')
    this.#release = prepare('UPDATE leases SET state = 0, due_at = min(due_at, ?) WHERE id = ?')
    this.#due = prepare(
      `SELECT id, op_id AS opId, bucket AS bucketId, key FROM leases
       WHERE due_at <= ? ORDER BY due_at, id LIMIT ?`,
    )
    this.#condemn = prepare('UPDATE leases SET state = 1 WHERE id = ?')
    this.#lift = prepare('UPDATE leases SET state = 0, due_at = ? WHERE id = ? AND state = 1')
    this.#isCondemned = prepare('SELECT 1 FROM leases WHERE id = ? AND state = 1').pluck()
    this.#markUnreferenced = prepare(
      `UPDATE blocks SET unreferenced_at = ?
       WHERE id IN (SELECT block_id FROM lease_blocks WHERE lease_id = ?)
         AND NOT EXISTS (SELECT 1 FROM lease_blocks other
                         WHERE other.block_id = blocks.id AND other.lease_id != ?)`,
    )
    this.#dropReferences = prepare('DELETE FROM lease_blocks WHERE lease_id = ?')
    this.#drop = prepare('DELETE FROM leases WHERE id = ?')
    this.#dropReference = prepare('DELETE FROM lease_blocks WHERE lease_id = ? AND block_id = ?')
    this.#markBlock = prepare(
      `UPDATE blocks SET unreferenced_at = ?
       WHERE id = ? AND NOT EXISTS (SELECT 1 FROM lease_blocks WHERE block_id = blocks.id)`,
    )
    this.#dropEmpty = prepare(
      'DELETE FROM leases WHERE id = ? AND NOT EXISTS (SELECT 1 FROM lease_blocks WHERE lease_id = leases.id)',
    )
    this.#isReferenced = prepare('SELECT 1 FROM lease_blocks WHERE block_id = ? LIMIT 1').pluck()
    this.#referencesOf = prepare(
      `SELECT op_id AS opId, bucket AS bucketId, key FROM lease_blocks JOIN leases ON leases.id = lease_id
       WHERE block_id = ? ORDER BY op_id, bucket, key`,
    )
    this.#isReferrer = prepare(
      `SELECT 1 FROM leases JOIN lease_blocks ON lease_id = leases.id ${ofOperation} AND block_id = ?`,
    ).pluck()
    this.#operationOf = prepare('SELECT op_id AS opId, bucket AS bucketId, key FROM leases WHERE id = ?')
    this.#blocksOf = prepare('SELECT block_id FROM lease_blocks WHERE lease_id = ?').pluck()
  }

  /** Told of each lease that goes, inside the transaction, before it does. */
  watch(onDrop: (leaseId: number) => void): void {
    this.#onDrop = onDrop
  }

  /**
   * The operation holds the block from now on. A lease that was condemned is held again: the audit that is under way
   * then lets it be.
   */
  refer(blockId: number, operation: Operation): void {
    const { opId, bucketId, key } = operation
    const now = this.#clock.nowMs()
    const found = this.#leaseOf(operation)
    let id = found?.id
    if (found === undefined) {
      id = Number(this.#insert.run(opId, bucketId, key, now + this.#auditAfterMs).lastInsertRowid)
    } else if (found.state !== leaseState.held || found.dueAt < now + this.#auditAfterMs / 2) {
      // Not at each block of a long upload.
      this.#hold.run(now + this.#auditAfterMs, found.id)
    }
    if (this.#addReference.run(blockId, id).changes > 0) this.#listener?.referenceAdded(blockId, operation)
    this.#clearUnreferenced.run(blockId)
  }

  /**
   * A version that the operation made was removed: its lease is due for an audit now. One that is under way may have
   * asked before that: it is let be, so that its answer does not count, and the next one asks again.
   */
  release(operation: Operation): void {
    const found = this.#leaseOf(operation)
    if (found !== undefined) this.#release.run(this.#clock.nowMs(), found.id)
  }

  #leaseOf(operation: Operation): StoredLease | undefined {
    const { opId, bucketId, key } = operation
    const found = this.#find.get(opId, bucketId, key)
    if (found !== undefined) return found as StoredLease
    const old = this.#find.get(opId, bucketId, unknownKey) as StoredLease | undefined
    // From now on it can be audited as any other.
    if (old !== undefined) {
      this.#adopt.run(key, old.id)
      for (const blockId of this.#blocksOf.all(old.id) as number[])
        this.#listener?.referenceAdded(blockId, operation)
    }
    return old
  }

  /** Id of the operation's lease, if it has one. */
  idOf({ opId, bucketId, key }: Operation): number | undefined {
    return (this.#find.get(opId, bucketId, key) as StoredLease | undefined)?.id
  }

  /** Leases whose audit is due, the longest due first. */
  due(limit: number): Lease[] {
    return this.#due.all(this.#clock.nowMs(), limit) as Lease[]
  }

  condemn(leases: readonly Lease[]): void {
    for (const { id } of leases) this.#condemn.run(id)
  }

  /** The operation is known, or somebody was silent: the lease holds on, and is audited again at `dueMs`. */
  lift({ id }: Lease, dueMs: number): void {
    this.#lift.run(dueMs, id)
  }

  /**
   * Nobody knows the operation: its references go, if the lease is still condemned. Blocks that are left without any
   * begin their grace time. Returns whether it went.
   */
  drop(lease: Lease): boolean {
    const { id } = lease
    if (this.#isCondemned.get(id) === undefined) return false
    this.#onDrop(id)
    for (const blockId of this.#blocksOf.all(id) as number[]) this.#listener?.referenceDropped(blockId, lease)
    this.#markUnreferenced.run(Math.max(1, this.#clock.nowMs()), id, id)
    this.#dropReferences.run(id)
    this.#drop.run(id)
    return true
  }

  /**
   * The lease holds this block no longer, as its owners have it: without another reference its grace time begins. A
   * lease without blocks goes.
   */
  dropReference(leaseId: number, blockId: number): void {
    const operation = this.#operationOf.get(leaseId) as Operation | undefined
    if (operation !== undefined) this.#listener?.referenceDropped(blockId, operation)
    this.#dropReference.run(leaseId, blockId)
    this.#markBlock.run(Math.max(1, this.#clock.nowMs()), blockId)
    this.#dropEmpty.run(leaseId)
  }

  /** Whether the operation holds the block. */
  isReferrer(blockId: number, { opId, bucketId, key }: Operation): boolean {
    return this.#isReferrer.get(opId, bucketId, key, blockId) !== undefined
  }

  isReferenced(blockId: number): boolean {
    return this.#isReferenced.get(blockId) !== undefined
  }

  referencesOf(blockId: number): Operation[] {
    return this.#referencesOf.all(blockId) as Operation[]
  }
}
