import { type Ballot, noBallot } from '@torc/cluster/consensus/ballot'
import { type AcceptorState, accept, promise } from '@torc/cluster/consensus/single-decree'
import { decodeEpoch, epochHash } from '@torc/cluster/ring/epoch'
import { stages } from '@torc/cluster/transition/stage'
import type { Hasher } from '@torc/protocol/environment/hasher'
import { TorcError } from '@torc/protocol/errors'
import type { SqlDatabase, SqlStatement } from '../disk/disk.js'
import type { AgentLayout } from './agent-layout.js'

/** Which layout is decided: the one after the agent's own, of which the proposer must know the same. */
export interface NextEpoch {
  readonly number: number
  readonly parent: Uint8Array
}

/**
 * This agent's vote on the layout after its own (DESIGN §6): an acceptor of single-decree Paxos for each number. Only an
 * agent of the layout votes, once the change to it is settled, and never one whose disk is an old copy. All methods run
 * inside a transaction.
 *
 * Durable before sent: what is promised or accepted is committed before the answer leaves.
 */
export class EpochBallots {
  readonly #nodeId: string
  readonly #layout: AgentLayout
  readonly #hasher: Hasher
  readonly #find: SqlStatement
  readonly #save: SqlStatement

  constructor(database: SqlDatabase, nodeId: string, layout: AgentLayout, hasher: Hasher) {
    this.#nodeId = nodeId
    this.#layout = layout
    this.#hasher = hasher
    this.#find = database.prepare(
      'SELECT promised, accepted, proposal AS value FROM epoch_ballots WHERE number = ?',
    )
    this.#save = database.prepare(
      'INSERT OR REPLACE INTO epoch_ballots (number, promised, accepted, proposal) VALUES (?, ?, ?, ?)',
    )
  }

  /** The acceptor's state afterwards; its `promised` is another ballot where it refuses. */
  prepare(next: NextEpoch, ballot: Ballot): AcceptorState<Uint8Array> {
    this.#checkVoter(next)
    const state = this.#stateOf(next.number)
    return this.#store(next.number, promise(state, ballot)) ?? state
  }

  /** The same; BAD_REQUEST where the layout is not the one after this agent's. */
  accept(next: NextEpoch, ballot: Ballot, record: Uint8Array): AcceptorState<Uint8Array> {
    this.#checkVoter(next)
    const epoch = decodeEpoch(record, 'BAD_REQUEST')
    if (epoch.number !== next.number || Buffer.compare(epoch.parentHash, next.parent) !== 0)
      throw new TorcError('BAD_REQUEST', `the layout proposed is not the one after ${next.number - 1}`)
    const state = this.#stateOf(next.number)
    return this.#store(next.number, accept(state, ballot, record)) ?? state
  }

  /** STALE_EPOCH where another layout is next, UNAVAILABLE where this one is not settled, NOT_OWNER for no voter. */
  #checkVoter({ number, parent }: NextEpoch): void {
    const { state, restored } = this.#layout
    this.#layout.checkTakesPart()
    if (state === undefined || restored !== undefined || !this.#layout.agents.includes(this.#nodeId))
      throw new TorcError(
        'NOT_OWNER',
        `agent ${this.#nodeId} has no place in the layout, and no vote on the next`,
      )
    if (
      number !== state.epoch.number + 1 ||
      Buffer.compare(parent, epochHash(this.#hasher, state.epoch)) !== 0
    ) {
      throw new TorcError(
        'STALE_EPOCH',
        `layout ${number} is not the one after ${state.epoch.number}, which agent ${this.#nodeId} has`,
      )
    }
    if (state.stage !== stages.settled) {
      throw new TorcError(
        'UNAVAILABLE',
        `the change to layout ${state.epoch.number} is at stage ${state.stage} at agent ${this.#nodeId}`,
      )
    }
  }

  #stateOf(number: number): AcceptorState<Uint8Array> {
    type Row = { promised: Uint8Array; accepted: Uint8Array | null; value: Uint8Array | null }
    const row = this.#find.get(number) as Row | undefined
    if (row === undefined) return { promised: noBallot, accepted: undefined, value: undefined }
    return { promised: row.promised, accepted: row.accepted ?? undefined, value: row.value ?? undefined }
  }

  #store(
    number: number,
    state: AcceptorState<Uint8Array> | undefined,
  ): AcceptorState<Uint8Array> | undefined {
    if (state === undefined) return undefined
    this.#save.run(number, state.promised, state.accepted ?? null, state.value ?? null)
    return state
  }
}
