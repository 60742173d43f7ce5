import fc from 'fast-check'
import t from 'tap'
import {
  type Decision,
  decide,
  decisionOf,
  decisionsMax,
  decodeProposal,
  emptyProposal,
  encodeProposal,
  forgetsDecisions,
  type Proposal,
} from '../../src/consensus/proposal.js'
import { checkMalformed } from '../support/malformed.js'
import { runs } from '../support/runs.js'
import { opIdOf } from '../support/samples.js'

const filled = fc.uint8Array({ minLength: 1, maxLength: 40 })

const proposals: fc.Arbitrary<Proposal> = fc
  .record({
    earlier: fc.array(fc.boolean(), { maxLength: decisionsMax - 1 }),
    forgotten: fc.nat(3),
    version: fc.option(
      fc.record({ record: filled, delta: filled, attributes: fc.option(filled, { nil: undefined }) }),
      { nil: undefined },
    ),
  })
  .map(({ earlier, forgotten, version }) => {
    const written = [...earlier, version !== undefined]
    const decisions = written.map((one, n): Decision => ({ opId: opIdOf(n), written: one }))
    return { decisions, decided: decisions.length + forgotten, version }
  })

t.test('the stored form of a proposal', async t => {
  fc.assert(
    fc.property(proposals, proposal => {
      t.same(decodeProposal(encodeProposal(proposal)), proposal)
    }),
    runs(100),
  )
  checkMalformed(proposals, encodeProposal, bytes => decodeProposal(bytes, 'BAD_REQUEST'), 'BAD_REQUEST')
  t.throws(
    () =>
      decodeProposal(
        encodeProposal({
          ...emptyProposal,
          version: { record: opIdOf(1), delta: opIdOf(1), attributes: undefined },
        }),
      ),
    { code: 'CORRUPT' },
    'a version that nobody decided to write',
  )
})

t.test('a register carries its last decisions, and says whether it has forgotten some', async t => {
  let proposal = emptyProposal
  for (let n = 1; n <= decisionsMax; n++) {
    t.equal(forgetsDecisions(proposal), false)
    proposal = decide(proposal, { opId: opIdOf(n), written: n % 2 === 0 }, undefined)
  }
  t.same(decisionOf(proposal, opIdOf(1)), { opId: opIdOf(1), written: false })
  proposal = decide(proposal, { opId: opIdOf(decisionsMax + 1), written: true }, undefined)
  t.equal(decisionOf(proposal, opIdOf(1)), undefined)
  t.equal(decisionOf(proposal, opIdOf(2))?.written, true)
  t.equal(forgetsDecisions(proposal), true)
  t.equal(proposal.decisions.length, decisionsMax)
})
