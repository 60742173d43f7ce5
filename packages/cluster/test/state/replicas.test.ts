import fc from 'fast-check'
import t from 'tap'
import { cases, checkHistory } from '../support/history-property.js'
import { safeguards } from '../support/replicas.js'
import { runs } from '../support/runs.js'

t.test('random histories of a key: all that must hold holds (see checkHistory)', async () => {
  fc.assert(
    fc.property(cases, one => checkHistory(one)),
    runs(10_000),
  )
})

t.test('with a rule broken on purpose some history fails: the checks can see', async t => {
  for (const safeguard of safeguards) {
    const broken = fc.property(cases, one => checkHistory(one, safeguard))
    const { failed, numRuns } = fc.check(broken, { numRuns: 5_000, seed: 1, endOnFailure: true })
    t.ok(failed, `without "${safeguard}", after ${numRuns} histories`)
  }
})
