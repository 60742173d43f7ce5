import type { Random } from '@torc/protocol/environment/random'

/**
 * A ballot of consensus (CASPaxos: Rystsov 2018, §2; Paxos Made Simple, §2.2): 20 bytes that compare as numbers do.
 * Collection number (4 bytes), round (8), and 8 random bytes of whoever proposes, so that no two proposals share one,
 * also when a proposer starts again with a clock that was set back. Higher first in all comparisons: collection number,
 * then round.
 */
export type Ballot = Uint8Array

export const ballotBytes = 20
const roundAt = 4
const proposerAt = 12

/** Below every ballot that is ever made. */
export const noBallot: Ballot = new Uint8Array(ballotBytes)

/** A ballot of `round`, above all others of lower rounds under the same collection number. */
export function makeBallot(random: Random, round: number, collection = 0): Ballot {
  const ballot = new Uint8Array(ballotBytes)
  const view = new DataView(ballot.buffer)
  view.setUint32(0, collection)
  view.setBigUint64(roundAt, BigInt(round))
  ballot.set(random.bytes(ballotBytes - proposerAt), proposerAt)
  return ballot
}

export function roundOf(ballot: Ballot): number {
  return Number(viewOf(ballot).getBigUint64(roundAt))
}

export function collectionOf(ballot: Ballot): number {
  return viewOf(ballot).getUint32(0)
}

/** Negative when `a` is lower, 0 when they are the same, positive when it is higher. */
export function compareBallots(a: Ballot, b: Ballot): number {
  for (let i = 0; i < ballotBytes; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

export function sameBallot(a: Ballot | undefined, b: Ballot | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return compareBallots(a, b) === 0
}

export function higherBallot(a: Ballot, b: Ballot): Ballot {
  return compareBallots(a, b) >= 0 ? a : b
}

function viewOf(ballot: Ballot): DataView {
  return new DataView(ballot.buffer, ballot.byteOffset, ballotBytes)
}
