import { type Ballot, compareBallots, noBallot } from './ballot.js'

/** An acceptor's answer to "prepare": it will accept nothing below `ballot`, and this is what it has accepted. */
export interface Promised<V> {
  readonly accepted: Ballot | undefined
  readonly value: V | undefined
}

/**
 * What a proposer must propose once a majority has promised: the value of the highest ballot that any of them has
 * accepted, which may have been chosen; its own one only where there is none (Paxos Made Simple, §2.2).
 */
export function valueToPropose<V>(promises: readonly Promised<V>[], own: V): V {
  let [best, value] = [noBallot, own]
  for (const promise of promises) {
    if (promise.accepted === undefined || promise.value === undefined) continue
    if (compareBallots(promise.accepted, best) > 0) [best, value] = [promise.accepted, promise.value]
  }
  return value
}

/** What an acceptor has on its disk. */
export interface AcceptorState<V> extends Promised<V> {
  readonly promised: Ballot
}

/** Its state after "prepare"; undefined where it has promised a higher ballot, and refuses. */
export function promise<V>(state: AcceptorState<V>, ballot: Ballot): AcceptorState<V> | undefined {
  return compareBallots(ballot, state.promised) < 0 ? undefined : { ...state, promised: ballot }
}

/** Its state after "accept"; undefined where it has promised a higher ballot, and refuses. */
export function accept<V>(state: AcceptorState<V>, ballot: Ballot, value: V): AcceptorState<V> | undefined {
  if (compareBallots(ballot, state.promised) < 0) return undefined
  return { promised: ballot, accepted: ballot, value }
}
