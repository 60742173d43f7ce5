import fc from 'fast-check'
import t from 'tap'
import { type Ballot, makeBallot, noBallot } from '../../src/consensus/ballot.js'
import {
  type AcceptorState,
  accept,
  type Promised,
  promise,
  valueToPropose,
} from '../../src/consensus/single-decree.js'
import { runs } from '../support/runs.js'

const ballot = (round: number, proposer: number): Ballot =>
  makeBallot({ bytes: () => new Uint8Array(8).fill(proposer), fraction: () => 0 }, round)

/** One message that reaches one acceptor, or one that does not. */
const step = fc.record({
  proposer: fc.integer({ min: 1, max: 3 }),
  acceptor: fc.integer({ min: 0, max: 2 }),
  what: fc.constantFrom('begin', ...['prepare', 'prepare', 'prepare', 'accept', 'accept', 'accept']),
})

interface Proposer {
  round: number
  ballot: Ballot
  promises: Map<number, Promised<string>>
  value: string | undefined
  accepted: Set<number>
}

t.test('whatever reaches whom, in whatever order, all that is chosen is one value', async t => {
  let [chosenOnce, runsWithTwoProposers] = [0, 0]
  fc.assert(
    fc.property(fc.array(step, { minLength: 30, maxLength: 120 }), steps => {
      const acceptors: AcceptorState<string>[] = Array.from({ length: 3 }, () => ({
        ...{ promised: noBallot, accepted: undefined, value: undefined },
      }))
      const proposers = new Map<number, Proposer>()
      const chosen = new Set<string>()
      let round = 0
      for (const { proposer: id, acceptor: at, what } of steps) {
        const state = acceptors[at]
        if (state === undefined) return false
        if (what === 'begin' || !proposers.has(id)) {
          round++
          const fresh = { round, ballot: ballot(round, id), value: undefined }
          proposers.set(id, { ...fresh, promises: new Map(), accepted: new Set() })
        }
        const proposer = proposers.get(id)
        if (proposer === undefined) return false
        if (what === 'prepare') {
          const after = promise(state, proposer.ballot)
          if (after === undefined) continue
          acceptors[at] = after
          proposer.promises.set(at, state)
        }
        if (what !== 'accept' || proposer.promises.size < 2) continue
        // Decided once, whatever promises come later.
        proposer.value ??= valueToPropose([...proposer.promises.values()], `of ${id}`)
        const after = accept(state, proposer.ballot, proposer.value)
        if (after === undefined) continue
        acceptors[at] = after
        proposer.accepted.add(at)
        if (proposer.accepted.size >= 2) chosen.add(proposer.value)
      }
      if (chosen.size > 0) chosenOnce++
      if (proposers.size > 1 && chosen.size > 0) runsWithTwoProposers++
      return chosen.size <= 1
    }),
    runs(300),
  )
  t.ok(chosenOnce > 0 && runsWithTwoProposers > 0, `${chosenOnce} runs chose`)
})

t.test('what may have been chosen goes before the own value', async t => {
  const old = { accepted: ballot(1, 9), value: 'old' }
  const newer = { accepted: ballot(2, 1), value: 'newer' }
  t.equal(valueToPropose([{ accepted: undefined, value: undefined }], 'own'), 'own')
  t.equal(valueToPropose([old, newer, { accepted: undefined, value: undefined }], 'own'), 'newer')
})
