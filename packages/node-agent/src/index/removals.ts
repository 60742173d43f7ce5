import type { Version } from '@torc/cluster/state/version'
import { TorcError } from '@torc/protocol/errors'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { RowCounts } from './key-rows.js'

/**
 * How a version went: `pruned` by the retention policy with a write, `purged` by a DELETE, or `merged`: another
 * owner had removed it, and its state told so.
 */
export type HowRemoved = 'pruned' | 'purged' | 'merged'

export interface RemovedOperation {
  readonly opId: Uint8Array
  readonly how: HowRemoved
}

/** Removed versions that a key remembers; older ones are as if they had never been. */
export const removalsMax = 64

const opIdBytes = 16
/** First byte of an entry; its opId follows. Numbers are on the disk: append only. */
const codes: readonly HowRemoved[] = ['pruned', 'purged', 'merged']
const entryBytes = 1 + opIdBytes

/**
 * The last removed versions of each key, for people who ask for one, and against attempts of a write that come late:
 * one of an operation whose version is gone already must not bring it back.
 */
export class Removals {
  readonly #counts: RowCounts
  readonly #get: SqlStatement
  readonly #put: SqlStatement
  readonly #forget: SqlStatement
  /** Most agents have removed nothing: then a write needs no look. It stays true when a transaction is undone. */
  #any: boolean

  constructor(database: SqlDatabase, counts: RowCounts) {
    this.#counts = counts
    this.#get = database.prepare('SELECT operations FROM removals WHERE key_id = ?').pluck()
    this.#put = database.prepare(
      `INSERT INTO removals (key_id, operations) VALUES (?, ?)
       ON CONFLICT (key_id) DO UPDATE SET operations = excluded.operations`,
    )
    this.#forget = database.prepare('DELETE FROM removals WHERE key_id = ?')
    this.#any = database.prepare('SELECT 1 FROM removals LIMIT 1').get() !== undefined
  }

  /** Newest first. */
  of(keyId: number): RemovedOperation[] {
    const bytes = this.#read(keyId)
    const removed: RemovedOperation[] = []
    for (let at = bytes.length - entryBytes; at >= 0; at -= entryBytes) {
      const how = codes[(bytes[at] ?? 0) - 1]
      if (how === undefined) throw damaged()
      removed.push({ how, opId: bytes.subarray(at + 1, at + entryBytes) })
    }
    return removed
  }

  has(keyId: number, opId: Uint8Array): boolean {
    const bytes = this.#read(keyId)
    for (let at = 1; at < bytes.length; at += entryBytes) {
      if (Buffer.compare(bytes.subarray(at, at + opIdBytes), opId) === 0) return true
    }
    return false
  }

  /** Only inside a transaction. Of more than the key remembers, the newest versions stay. */
  add(keyId: number, how: HowRemoved, versions: readonly Version[]): void {
    if (versions.length === 0) return
    const newest =
      versions.length === 1
        ? versions
        : [...versions].sort((a, b) => a.createdAt - b.createdAt).slice(-removalsMax)
    const before = this.#read(keyId)
    const room = (removalsMax - newest.length) * entryBytes
    const stays = before.subarray(Math.max(0, before.length - room))
    const bytes = new Uint8Array(stays.length + newest.length * entryBytes)
    bytes.set(stays)
    let at = stays.length
    for (const { opId } of newest) {
      bytes[at] = codes.indexOf(how) + 1
      bytes.set(opId, at + 1)
      at += entryBytes
    }
    this.#any = true
    this.#counts.written++
    this.#put.run(keyId, bytes)
  }

  /** Inside the transaction that drops the key. */
  forget(keyId: number): void {
    if (this.#any) this.#counts.written += this.#forget.run(keyId).changes
  }

  #read(keyId: number): Uint8Array {
    if (!this.#any) return nothing
    const bytes = this.#get.get(keyId) as Uint8Array | undefined
    if (bytes === undefined) return nothing
    this.#counts.read++
    if (bytes.length % entryBytes !== 0) throw damaged()
    return bytes
  }
}

const nothing = new Uint8Array(0)

function damaged(): TorcError {
  return new TorcError('CORRUPT', "a key's list of removed versions is damaged")
}
