import t from 'tap'
import { makeBallot } from '../../src/consensus/ballot.js'
import { type AcceptedState, highestAccepted, isHollow } from '../../src/consensus/highest.js'
import { decide, emptyProposal } from '../../src/consensus/proposal.js'
import { opIdOf } from '../support/samples.js'

const random = { bytes: (count: number) => new Uint8Array(count), fraction: () => 0 }
const bytes = new Uint8Array([1])
const version = { record: bytes, delta: bytes, attributes: undefined }
const state = (round: number, learned: boolean, whole: boolean): AcceptedState => ({
  ballot: makeBallot(random, round),
  proposal: decide(emptyProposal, { opId: opIdOf(round), written: true }, whole ? version : undefined),
  learned,
})

t.test('the highest ballot counts, and of those who tell it whoever knows most', async t => {
  const [open, learned, hollow] = [state(2, false, true), state(2, true, false), state(2, false, false)]
  t.equal(highestAccepted([]), undefined)
  t.equal(highestAccepted([undefined, open]), open)
  t.equal(highestAccepted([state(1, true, false), hollow, state(1, false, true)]), hollow)
  for (const all of [
    [open, learned, hollow],
    [hollow, learned, open],
    [hollow, open, learned],
  ])
    t.equal(highestAccepted(all), learned)
  for (const all of [
    [open, hollow],
    [hollow, open],
  ])
    t.equal(highestAccepted(all), open)
  t.same([open, learned, hollow].map(isHollow), [false, false, true])
})
