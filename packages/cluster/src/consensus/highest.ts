import { type Ballot, compareBallots } from './ballot.js'
import type { Proposal } from './proposal.js'

/** What an owner accepted last, as it tells a proposer. */
export interface AcceptedState {
  readonly ballot: Ballot
  readonly proposal: Proposal
  /** Its version is in the owner's state of the key, or it has none. */
  readonly learned: boolean
}

/**
 * Whether an owner only knows that something was chosen under this ballot: it has the version neither in its state nor
 * beside it. Its word counts for the ballot, and for nothing that could be built on.
 */
export function isHollow({ learned, proposal }: AcceptedState): boolean {
  return !learned && proposal.version === undefined
}

/**
 * What was accepted under the highest ballot, as told by whoever can tell most of it: an owner that has learned it, then
 * one that has its content.
 */
export function highestAccepted<A extends AcceptedState>(all: Iterable<A | undefined>): A | undefined {
  let highest: A | undefined
  for (const accepted of all) {
    if (accepted === undefined) continue
    const order = highest === undefined ? 1 : compareBallots(accepted.ballot, highest.ballot)
    if (order > 0 || (order === 0 && highest !== undefined && tells(accepted) > tells(highest)))
      highest = accepted
  }
  return highest
}

function tells(accepted: AcceptedState): number {
  return accepted.learned ? 2 : isHollow(accepted) ? 0 : 1
}
