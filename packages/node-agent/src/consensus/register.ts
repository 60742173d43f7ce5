import { decodeContext } from '@torc/cluster/clocks/causal-context'
import { type Ballot, collectionOf, sameBallot } from '@torc/cluster/consensus/ballot'
import type { HandedOut } from '@torc/cluster/consensus/condition'
import { isHollow } from '@torc/cluster/consensus/highest'
import type { Proposal, ProposedVersion } from '@torc/cluster/consensus/proposal'
import { decodeAttributes } from '@torc/cluster/state/attributes-codec'
import type { KeySummary } from '@torc/cluster/state/key-summary'
import { emptySummary } from '@torc/cluster/state/key-summary'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import type { Clock } from '@torc/protocol/environment/clock'
import { TorcError } from '@torc/protocol/errors'
import type { GroupCommit } from '../index/group-commit.js'
import type { KeyIndex, MergeRequest } from '../index/key-index.js'
import type { KeyName, KnownKey } from '../index/key-writer.js'
import type { Intents } from '../leases/intents.js'
import type { CollectionNumbers } from '../remainders/collection-numbers.js'
import type { RemainderRows } from '../remainders/remainder-rows.js'
import type { AcceptedProposal, BallotRows } from './ballot-rows.js'

export interface RegisterParts {
  readonly rows: BallotRows
  readonly index: KeyIndex
  readonly intents: Intents
  readonly collections: CollectionNumbers
  readonly remainders: RemainderRows
  readonly commit: Pick<GroupCommit, 'submit'>
  readonly clock: Clock
}

/** An answer to a prepare. */
export interface Promised<V> {
  /** Above the ballot that was asked for: it was refused, and the rest says nothing. */
  readonly promised: Ballot
  readonly accepted: AcceptedProposal | undefined
  readonly handedOut: HandedOut | undefined
  readonly view: V
}

export interface Learned {
  readonly outcome: 'stored' | 'had' | 'seen' | 'unknown'
  readonly summary: KeySummary
}

/** Runs inside the transaction before anything is changed: throws where the request came under a layout before. */
type Check = () => void

const none: Check = () => {}

/**
 * An owner's side of a key's register (CASPaxos: Rystsov 2018; DESIGN §5). All calls are STALE_COLLECTION under a lower
 * collection number than the partition's.
 *
 * Durable before sent: a promise, what was accepted, a dot that was handed out and a version that was learned are
 * committed before the promise of each call resolves, and only then answered.
 */
export class Register {
  readonly #parts: RegisterParts

  constructor(parts: RegisterParts) {
    this.#parts = parts
  }

  /**
   * Promises a ballot and tells, of the same moment, what was accepted and what the key's state is; with `wantsDot`
   * hands out a fresh dot. A dot that no proposal uses is covered by the next one that is chosen. `viewOf` tells of the
   * state; it runs inside the transaction.
   */
  prepare<V>(
    name: KeyName,
    ballot: Ballot,
    wantsDot: boolean,
    viewOf: (known: KnownKey | undefined) => V,
    check: Check = none,
  ): Promise<Promised<V>> {
    const { rows, index, collections, commit } = this.#parts
    return commit.submit(() => {
      check()
      collections.check(name.partition, collectionOf(ballot))
      this.#noteRemainder(name)
      const promised = rows.promise(name, ballot)
      const refused = !sameBallot(promised, ballot)
      const handedOut = wantsDot && !refused ? index.handOut(name) : undefined
      if (handedOut !== undefined) rows.handOut(name, handedOut.dot)
      const view = viewOf(index.find(name.bucketId, name.key))
      return { promised, accepted: rows.find(name)?.accepted, handedOut, view }
    })
  }

  /**
   * Accepts a proposal; answers the highest ballot that is promised: above `ballot`, it was refused. `needsIntent`: the
   * proposal takes the place of an intent of its operation, without which (INTENT_EXPIRED) its blocks may be gone.
   */
  accept(
    name: KeyName,
    ballot: Ballot,
    proposal: Proposal,
    body: Uint8Array | null,
    needsIntent: boolean,
    check: Check = none,
  ): Promise<Ballot> {
    const { rows, intents, collections, commit, clock } = this.#parts
    const opId = proposal.decisions.at(-1)?.opId
    if (opId === undefined) throw new TorcError('BAD_REQUEST', 'a proposal decides an operation')
    const operation = { bucketId: name.bucketId, key: name.key, opId }
    return commit.submit(() => {
      check()
      collections.check(name.partition, collectionOf(ballot))
      if (needsIntent && !rows.hasUnlearned(name, opId) && !intents.has(operation)) {
        throw new TorcError('INTENT_EXPIRED', 'this agent has no intent of the operation (any more)')
      }
      this.#noteRemainder(name)
      const promised = rows.accept(name, ballot, proposal, body, clock.nowMs())
      if (sameBallot(promised, ballot)) intents.remove(operation)
      return promised
    })
  }

  /**
   * What was accepted under `ballot` is chosen: it joins the key's state. `readUnder`: collection number under which that
   * became known, where it is another than the ballot's. (The row itself keeps the key from being collected.)
   */
  learn(
    name: KeyName,
    ballot: Ballot,
    check: Check = none,
    readUnder = collectionOf(ballot),
  ): Promise<Learned> {
    const { rows, index, collections, commit } = this.#parts
    return commit.submit(() => {
      check()
      collections.check(name.partition, readUnder)
      const accepted = rows.find(name)?.accepted
      const summary = (): KeySummary => index.find(name.bucketId, name.key)?.summary ?? emptySummary
      if (accepted === undefined || !sameBallot(accepted.ballot, ballot))
        return { outcome: 'unknown', summary: summary() }
      const { version } = accepted.proposal
      if (isHollow(accepted)) return { outcome: 'unknown', summary: summary() }
      if (version === undefined) return { outcome: 'had', summary: summary() }
      const merged = index.merge(name, mergeOf(version, accepted.body))
      rows.learn(name, accepted)
      return { outcome: merged.outcome, summary: merged.summary }
    })
  }

  /**
   * Another owner has learned `proposal` under a higher ballot than what was accepted here: it is chosen, and what is
   * here never will be, or is part of what it was built on.
   */
  overtaken(name: KeyName, ballot: Ballot, proposal: Proposal): Promise<void> {
    const { rows, commit, clock } = this.#parts
    return commit.submit(() => rows.adopt(name, ballot, proposal, clock.nowMs()))
  }

  /** Inside a transaction, before the row of a key is made of which there is no state: that may be all there ever is. */
  #noteRemainder(name: KeyName): void {
    const { rows, index, remainders } = this.#parts
    if (rows.find(name) === undefined && index.rows.find(name.bucketId, name.key) === undefined)
      remainders.note(name)
  }
}

/** A proposed version as it joins a key's state. */
export function mergeOf(proposed: ProposedVersion, body: Uint8Array | null): MergeRequest {
  const { record, delta, attributes } = proposed
  return {
    context: decodeContext(delta, 'CORRUPT'),
    arriving: { version: decodeVersion(record), record, body },
    keep: undefined,
    attributes: attributes === undefined ? undefined : decodeAttributes(attributes, 'CORRUPT'),
  }
}
