import { type ActorId, actorId, type Dot } from '@torc/cluster/clocks/dot'
import {
  type Ballot,
  compareBallots,
  higherBallot,
  noBallot,
  sameBallot,
} from '@torc/cluster/consensus/ballot'
import { decodeProposal, encodeProposal, type Proposal } from '@torc/cluster/consensus/proposal'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { KeyName } from '../index/key-writer.js'

/** What this agent accepted last of a key's register. */
export interface AcceptedProposal {
  readonly ballot: Ballot
  readonly proposal: Proposal
  /** Inline body of the proposal's version; null where there is none, or it was learned. */
  readonly body: Uint8Array | null
  /** The version is in the key's state here. */
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

/** A row whose proposal was accepted some time ago and is not known to be chosen. */
export interface UnlearnedRow {
  readonly name: KeyName
}

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
  readonly #collect: SqlStatement
  /** Whether there is any row: most agents have none, and their mints need no look. */
  #any: boolean

  constructor(database: SqlDatabase) {
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
    this.#learn = database.prepare(`UPDATE ballots SET proposal = ?, body = NULL, learned = 1 ${ofKey}`)
    this.#unlearned = database.prepare(
      'SELECT bucket, key, partition, replicas FROM ballots WHERE learned = 0 AND accepted_at <= ? ORDER BY accepted_at LIMIT ?',
    )
    this.#oldest = database.prepare('SELECT min(accepted_at) FROM ballots WHERE learned = 0').pluck()
    this.#postpone = database.prepare(`UPDATE ballots SET accepted_at = ? ${ofKey}`)
    this.#collect = database.prepare(`DELETE FROM ballots ${ofKey}`)
    this.#any = database.prepare('SELECT 1 FROM ballots LIMIT 1').get() !== undefined
  }

  find({ bucketId, key }: Pick<KeyName, 'bucketId' | 'key'>): BallotRow | undefined {
    if (!this.#any) return undefined
    const row = this.#find.get(bucketId, key) as StoredRow | undefined
    if (row === undefined) return undefined
    const { promised, acceptedMs, actor, counter } = row
    const handedOut = actor === '' ? undefined : { actor: actorId(actor, 'CORRUPT'), counter }
    return { promised, accepted: acceptedOf(row), acceptedMs, handedOut }
  }

  /** The greatest counter of `actor` that was handed out for a proposal of the key; 0 when none. */
  handedOut({ bucketId, key }: Pick<KeyName, 'bucketId' | 'key'>, actor: ActorId): number {
    if (!this.#any) return 0
    const row = this.#handedOut.get(bucketId, key) as Pick<StoredRow, 'actor' | 'counter'> | undefined
    return row?.actor === actor ? row.counter : 0
  }

  /** What this agent accepted for the operation and has not learned: for audits, a version to be. */
  hasUnlearned(name: Pick<KeyName, 'bucketId' | 'key'>, opId: Uint8Array): boolean {
    const accepted = this.find(name)?.accepted
    return (
      accepted !== undefined && !accepted.learned && Buffer.compare(opIdOf(accepted.proposal), opId) === 0
    )
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
    const learned = proposal.version === undefined ? 1 : 0
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
    this.#accept.run(promised, ballot, nowMs, decided, null, 1, name.bucketId, name.key)
  }

  /** What was accepted is in the key's state: its version and body go from here, the decisions stay. */
  learn({ bucketId, key }: Pick<KeyName, 'bucketId' | 'key'>, { proposal }: AcceptedProposal): void {
    this.#learn.run(encodeProposal({ ...proposal, version: undefined }), bucketId, key)
  }

  /** Whether a proposal that was accepted by then is not learned. */
  anyUnlearned(acceptedUntilMs: number): boolean {
    if (!this.#any) return false
    const oldest = this.#oldest.get() as number | null
    return oldest !== null && oldest <= acceptedUntilMs
  }

  /** Rows whose proposals were accepted by then and are not learned, the oldest first. */
  unlearned(acceptedUntilMs: number, limit: number): UnlearnedRow[] {
    const rows = this.#unlearned.all(acceptedUntilMs, limit) as {
      bucket: Uint8Array
      key: Uint8Array
      partition: number
      replicas: number | null
    }[]
    return rows.map(({ bucket, key, partition, replicas }) => ({
      name: { bucketId: bucket, key, partition, replicas: replicas ?? undefined },
    }))
  }

  /** Lets a row that is not learned wait, as if it had been accepted later. */
  postpone({ bucketId, key }: Pick<KeyName, 'bucketId' | 'key'>, acceptedMs: number): void {
    this.#postpone.run(acceptedMs, bucketId, key)
  }

  /** What is left of the key goes: no ballot under which anything was promised here is taken any more (DESIGN §10). */
  collect({ bucketId, key }: Pick<KeyName, 'bucketId' | 'key'>): void {
    if (this.#any) this.#collect.run(bucketId, key)
  }

  #store({ bucketId, key, partition, replicas }: KeyName, promised: Ballot): void {
    this.#promise.run(bucketId, key, partition, replicas ?? null, promised)
    this.#any = true
  }
}

function acceptedOf({ accepted, proposal, body, learned }: StoredRow): AcceptedProposal | undefined {
  if (accepted === null || proposal === null) return undefined
  return { ballot: accepted, proposal: decodeProposal(proposal), body, learned: learned === 1 }
}

/** The operation that a proposal decides. */
function opIdOf({ decisions }: Proposal): Uint8Array {
  return decisions.at(-1)?.opId ?? new Uint8Array(16)
}
