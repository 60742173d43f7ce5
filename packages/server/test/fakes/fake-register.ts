import { encodeContext, highestCounter } from '@torc/cluster/clocks/causal-context'
import type { Dot } from '@torc/cluster/clocks/dot'
import { type Ballot, compareBallots, noBallot, sameBallot } from '@torc/cluster/consensus/ballot'
import { decodeProposal, encodeProposal } from '@torc/cluster/consensus/proposal'
import { closedContext, type KeyState, stateDigest } from '@torc/cluster/state/key-state'
import { headsCoverAll, summaryOf } from '@torc/cluster/state/key-summary'
import { encodeVersion } from '@torc/cluster/state/version-codec'
import type { ResponseOf } from '@torc/protocol/messages/table'

interface Accepted {
  readonly ballot: Ballot
  readonly proposal: Uint8Array
  readonly body: Uint8Array | undefined
  readonly learned: boolean
}

/** A fake agent's part of one key's register. */
export class FakeRegister {
  promised: Ballot = noBallot
  accepted: Accepted | undefined

  /** Undefined where a higher ballot was promised. */
  prepare(
    ballot: Ballot,
    state: KeyState,
    dot: Dot | undefined,
    time: number,
  ): { readonly head: ResponseOf<'prepare'>; readonly body?: Uint8Array | undefined } {
    if (compareBallots(this.promised, ballot) > 0) return { head: { time, promised: this.promised } }
    this.promised = ballot
    const summary = summaryOf(state)
    const context = closedContext(state)
    const head: ResponseOf<'prepare'> = {
      ...{ time, promised: ballot, digest: stateDigest(state), context: encodeContext(context) },
      ...{ newest: summary.newest, seq: summary.maxSeq },
    }
    if (summary.nulls.length > 0)
      head.nulls = summary.nulls.map(({ actor, counter }): [string, number] => [actor, counter])
    if (headsCoverAll(summary)) head.heads = summary.heads.map(encodeVersion)
    if (dot !== undefined) {
      head.dot = [dot.actor, dot.counter]
      head.after = highestCounter(context, dot.actor)
    }
    const { accepted } = this
    if (accepted === undefined) return { head }
    head.accepted = accepted.ballot
    head.proposal = accepted.proposal
    head.learned = accepted.learned
    return { head, body: accepted.body }
  }

  accept(ballot: Ballot, proposal: Uint8Array, body: Uint8Array | undefined): Ballot {
    if (compareBallots(this.promised, ballot) > 0) return this.promised
    this.promised = ballot
    const learned = decodeProposal(proposal).version === undefined
    if (!sameBallot(this.accepted?.ballot, ballot)) this.accepted = { ballot, proposal, body, learned }
    return ballot
  }

  /** What is to be merged, once; undefined where this was not accepted under the ballot. */
  learn(ballot: Ballot): Accepted | undefined {
    const { accepted } = this
    if (accepted === undefined || !sameBallot(accepted.ballot, ballot)) return undefined
    const proposal = encodeProposal({ ...decodeProposal(accepted.proposal), version: undefined })
    this.accepted = { ...accepted, proposal, body: undefined, learned: true }
    return accepted
  }
}
