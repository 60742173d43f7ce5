import fc from 'fast-check'
import t from 'tap'
import {
  ballotBytes,
  collectionOf,
  compareBallots,
  higherBallot,
  makeBallot,
  noBallot,
  roundOf,
  sameBallot,
} from '../../src/consensus/ballot.js'

const part = fc.tuple(
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  fc.uint8Array({ minLength: 8, maxLength: 8 }),
)

t.test('ballots compare by collection number, then by round, then by proposer', async t => {
  fc.assert(
    fc.property(part, part, ([collectionA, roundA, a], [collectionB, roundB, b]) => {
      const one = makeBallot({ bytes: () => a, fraction: () => 0 }, roundA, collectionA)
      const other = makeBallot({ bytes: () => b, fraction: () => 0 }, roundB, collectionB)
      const expected = collectionA - collectionB || roundA - roundB || Buffer.compare(a, b)
      const got = compareBallots(one, other)
      return (
        Math.sign(got) === Math.sign(expected) &&
        roundOf(one) === roundA &&
        collectionOf(one) === collectionA &&
        higherBallot(one, other) === (expected >= 0 ? one : other) &&
        compareBallots(one, noBallot) > 0 &&
        one.length === ballotBytes
      )
    }),
  )
  t.equal(sameBallot(undefined, noBallot), false)
  t.equal(sameBallot(undefined, undefined), true)
  t.equal(sameBallot(noBallot, new Uint8Array(ballotBytes)), true)
})
