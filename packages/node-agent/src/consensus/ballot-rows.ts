import { type ActorId, actorId, type Dot } from '@torc/cluster/clocks/dot'
import {
  type Ballot,
  compareBallots,
  higherBallot,
  noBallot,
  sameBallot,
} from '@torc/cluster/consensus/ballot'
import { highestAccepted } from '@torc/cluster/consensus/highest'
import { decodeProposal, encodeProposal, type Proposal } from '@torc/cluster/consensus/proposal'
import { inForce, type Rules } from '@torc/protocol/environment/safeguards'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { KeyName } from '../index/key-writer.js'

/** What this agent accepted last of a key's register. */
export interface AcceptedProposal {
  readonly ballot: Ballot
  readonly proposal: Proposal
  /** Inline body of the proposal's version; null where there is none, or it was learned. */
  readonly body: Uint8Array | null
  /** The version is in the key's state here. Not so, and without a version: see `isHollow`. */
  readonly learned: boolean
}

/** This agent's part of a key's register (DESIGN §5). */
export interface BallotRow {
  readonly promised: Ballot
  readonly accepted: AcceptedProposal | undefined
  /** When that was accepted, in milliseconds; 0 where nothing was. */
  readonly acceptedMs: number
  /** The last dot that was handed out for the key. */
  readonly handedOut: Dot | undefined
}

/** A row as one owner takes it over from another. */
export interface MovedRow {
  readonly name: KeyName
  readonly promised: Ballot
  readonly accepted: AcceptedProposal | undefined
}

interface StoredName {
  readonly id: number
  readonly bucket: Uint8Array
  readonly key: Uint8Array
  readonly replicas: number | null
}

const rowsAtOnce = 64

interface StoredRow {
  readonly promised: Uint8Array
  readonly accepted: Uint8Array | null
  readonly acceptedMs: number
  readonly proposal: Uint8Array | null
  readonly body: Uint8Array | null
  readonly learned: number
  readonly actor: string
  readonly counter: number
}

/**
 * In `learned`: the proposal waits to be learned; it is in the key's state here (or wrote nothing); it is chosen, and what
 * it wrote is at others.
 */
const isOpen = 0
const isLearned = 1
const isElsewhere = 2

const ofKey = 'WHERE bucket = ? AND key = ?'

/**
 * Ballots of keys, apart from their states: no read of a key, no listing, hash tree or hand-over of key states shows
 * them. All changes run inside a transaction of the group commit. A row that is there is never taken back, but with all
 * that is left of a removed key: what was promised and accepted under it stays.
 */
export class BallotRows {
  readonly #find: SqlStatement
  readonly #handedOut: SqlStatement
  readonly #promise: SqlStatement
  readonly #handOut: SqlStatement
  readonly #accept: SqlStatement
  readonly #learn: SqlStatement
  readonly #unlearned: SqlStatement
  readonly #oldest: SqlStatement
  readonly #postpone: SqlStatement
  /** Buckets with any row: in the others, as most are, mints need no look. By name, as `nameOf` gives it. */
  readonly #buckets: Set<string>
  readonly #ofPartition: SqlStatement
  readonly #drop: SqlStatement
  readonly #dropSome: SqlStatement
  readonly #learnAll: SqlStatement

  constructor(database: SqlDatabase, rules: Rules = {}) {
    if (!inForce(rules, 'ballots are durable')) database.exec('DELETE FROM ballots')
    this.#find = database.prepare(
      `SELECT promised, accepted, accepted_at AS acceptedMs, proposal, body, learned, actor, counter FROM ballots ${ofKey}`,
    )
    this.#handedOut = database.prepare(`SELECT actor, counter FROM ballots ${ofKey}`)
    this.#promise = database.prepare(
      `INSERT INTO ballots (bucket, key, partition, replicas, promised) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (bucket, key) DO UPDATE SET promised = excluded.promised, replicas = excluded.replicas`,
    )
    this.#handOut = database.prepare(`UPDATE ballots SET actor = ?, counter = ? ${ofKey}`)
    this.#accept = database.prepare(
      `UPDATE ballots SET promised = ?, accepted = ?, accepted_at = ?, proposal = ?, body = ?, learned = ? ${ofKey}`,
    )
    this.#learn = database.prepare(
      `UPDATE ballots SET proposal = ?, body = NULL, learned = ${isLearned} ${ofKey}`,
    )
    this.#unlearned = database.prepare(
      'SELECT bucket, key, partition, replicas FROM ballots WHERE learned = 0 AND accepted_at <= ? ORDER BY accepted_at LIMIT ?',
    )
    this.#oldest = database.prepare('SELECT min(accepted_at) FROM ballots WHERE learned = 0').pluck()
    this.#postpone = database.prepare(`UPDATE ballots SET accepted_at = ? ${ofKey}`)
    const buckets = database.prepare('SELECT DISTINCT bucket FROM ballots').pluck().all() as Uint8Array[]
    this.#buckets = new Set(buckets.map(nameOf))
    this.#ofPartition = database.prepare(
      `SELECT id, bucket, key, replicas, promised, accepted, proposal, body, learned, actor, counter FROM ballots
       WHERE partition = ? AND id > ? ORDER BY id LIMIT ?`,
    )
    this.#drop = database.prepare(`DELETE FROM ballots ${ofKey}`)
    this.#dropSome = database.prepare(
      'DELETE FROM ballots WHERE id IN (SELECT id FROM ballots ORDER BY id LIMIT ?)',
    )
    this.#learnAll = database.prepare(
      `UPDATE ballots SET learned = ${isLearned} WHERE partition = ? AND learned = ${isElsewhere}`,
    )
  }

  find({ bucketId, key }: Pick<KeyName, 'bucketId' | 'key'>): BallotRow | undefined {
    if (!this.#buckets.has(nameOf(bucketId))) return undefined
    const row = this.#find.get(bucketId, key) as StoredRow | undefined
    if (row === undefined) return undefined
    const { promised, acceptedMs, actor, counter } = row
    const handedOut = actor === '' ? undefined : { actor: actorId(actor, 'CORRUPT'), counter }
    return { promised, accepted: acceptedOf(row), acceptedMs, handedOut }
  }

  /** The greatest counter of `actor` that was handed out for a proposal of the key; 0 when none. */
  handedOut({ bucketId, key }: Pick<KeyName, 'bucketId' | 'key'>, actor: ActorId): number {
    if (!this.#buckets.has(nameOf(bucketId))) return 0
    const row = this.#handedOut.get(bucketId, key) as Pick<StoredRow, 'actor' | 'counter'> | undefined
    return row?.actor === actor ? row.counter : 0
  }

  /** What this agent accepted for the operation and has not learned: for audits, a version to be. */
  hasUnlearned(name: Pick<KeyName, 'bucketId' | 'key'>, opId: Uint8Array): boolean {
    const accepted = this.find(name)?.accepted
    return accepted?.proposal.version !== undefined && Buffer.compare(opIdOf(accepted.proposal), opId) === 0
  }

  /** Promises a ballot; the highest that is promised now: above `ballot`, it was refused. */
  promise(name: KeyName, ballot: Ballot): Ballot {
    const promised = this.find(name)?.promised ?? noBallot
    const order = compareBallots(promised, ballot)
    if (order > 0) return promised
    if (order < 0) this.#store(name, ballot)
    return ballot
  }

  /** Notes a dot that goes to whoever holds the promise. */
  handOut({ bucketId, key }: KeyName, { actor, counter }: Dot): void {
    this.#handOut.run(actor, counter, bucketId, key)
  }

  /**
   * Accepts a proposal; the highest ballot that is promised now: above `ballot`, it was refused. What was accepted
   * under this ballot before stays as it is, learned or not.
   */
  accept(name: KeyName, ballot: Ballot, proposal: Proposal, body: Uint8Array | null, nowMs: number): Ballot {
    const row = this.find(name)
    if (row !== undefined && compareBallots(row.promised, ballot) > 0) return row.promised
    if (sameBallot(row?.accepted?.ballot, ballot)) return ballot
    if (row === undefined) this.#store(name, ballot)
    // Nothing is to be learned of a decision that wrote nothing.
    const learned = proposal.version === undefined ? isLearned : isOpen
    const { bucketId, key } = name
    this.#accept.run(ballot, ballot, nowMs, encodeProposal(proposal), body, learned, bucketId, key)
    return ballot
  }

  /**
   * Takes over what is known to be chosen under a higher ballot than what was accepted here. No promise stands against
   * it: whoever was promised a higher ballot by a majority found it there, or has yet to ask an owner that tells it.
   */
  adopt(name: KeyName, ballot: Ballot, proposal: Proposal, nowMs: number): void {
    const row = this.find(name)
    if (row === undefined || compareBallots(row.accepted?.ballot ?? noBallot, ballot) >= 0) return
    const decided = encodeProposal({ ...proposal, version: undefined })
    const promised = higherBallot(row.promised, ballot)
    this.#accept.run(promised, ballot, nowMs, decided, null, isElsewhere, name.bucketId, name.key)
  }

  /** What was accepted is in the key's state: its version and body go from here, the decisions stay. */
  learn({ bucketId, key }: Pick<KeyName, 'bucketId' | 'key'>, { proposal }: AcceptedProposal): void {
    this.#learn.run(encodeProposal({ ...proposal, version: undefined }), bucketId, key)
  }

  /** Whether a proposal that was accepted by then is not learned. */
  anyUnlearned(acceptedUntilMs: number): boolean {
    const oldest = this.#oldest.get() as number | null
    return oldest !== null && oldest <= acceptedUntilMs
  }

  /** Keys whose proposals were accepted by then and are not learned, the oldest first. */
  unlearned(acceptedUntilMs: number, limit: number): KeyName[] {
    const rows = this.#unlearned.all(acceptedUntilMs, limit) as {
      bucket: Uint8Array
      key: Uint8Array
      partition: number
      replicas: number | null
    }[]
    return rows.map(({ bucket, replicas, ...rest }) => ({
      ...rest,
      bucketId: bucket,
      replicas: replicas ?? undefined,
    }))
  }

  /** Lets a row that is not learned wait, as if it had been accepted later. */
  postpone({ bucketId, key }: Pick<KeyName, 'bucketId' | 'key'>, acceptedMs: number): void {
    this.#postpone.run(acceptedMs, bucketId, key)
  }

  /** Rows of a partition, whatever became of their proposals, for those that take it over. */
  *of(partition: number): Generator<MovedRow, void, undefined> {
    for (let after = 0; ; ) {
      const rows = this.#ofPartition.all(partition, after, rowsAtOnce) as (StoredRow & StoredName)[]
      for (const { id, bucket, key, replicas, ...row } of rows) {
        after = id
        const name = { bucketId: bucket, key, partition, replicas: replicas ?? undefined }
        yield { name, promised: row.promised, accepted: acceptedOf(row) }
      }
      if (rows.length < rowsAtOnce) return
    }
  }

  /**
   * Takes over an owner's row: the higher promise, and what was accepted under the higher ballot (DESIGN §6). What was
   * learned there is in the key's state that is taken over after it.
   */
  take({ name, promised, accepted }: MovedRow, nowMs: number): void {
    const own = this.find(name)
    const highest = higherBallot(own?.promised ?? noBallot, promised)
    this.#store(name, highest)
    if (accepted === undefined) return
    if (highestAccepted([own?.accepted, accepted]) !== accepted) return
    const { ballot, proposal, body } = accepted
    const learned = proposal.version === undefined ? isElsewhere : isOpen
    const { bucketId, key } = name
    this.#accept.run(highest, ballot, nowMs, encodeProposal(proposal), body, learned, bucketId, key)
  }

  /** The states of all keys of the partition were taken over, from all owners whose rows were: what these learned is here. */
  takenOver(partition: number): void {
    this.#learnAll.run(partition)
  }

  /** A row of a key that others own now, and have taken over. */
  drop({ bucketId, key }: Pick<KeyName, 'bucketId' | 'key'>): void {
    this.#drop.run(bucketId, key)
  }

  /** Drops up to `limit` rows, of whatever keys; whether there were any. */
  dropSome(limit: number): boolean {
    return this.#dropSome.run(limit).changes > 0
  }

  #store({ bucketId, key, partition, replicas }: KeyName, promised: Ballot): void {
    this.#promise.run(bucketId, key, partition, replicas ?? null, promised)
    this.#buckets.add(nameOf(bucketId))
  }
}

function nameOf(bucketId: Uint8Array): string {
  return Buffer.from(bucketId.buffer, bucketId.byteOffset, bucketId.length).toString('latin1')
}

function acceptedOf({ accepted, proposal, body, learned }: StoredRow): AcceptedProposal | undefined {
  if (accepted === null || proposal === null) return undefined
  return { ballot: accepted, proposal: decodeProposal(proposal), body, learned: learned === isLearned }
}

/** The operation that a proposal decides. */
function opIdOf({ decisions }: Proposal): Uint8Array {
  return decisions.at(-1)?.opId ?? new Uint8Array(16)
}
