import { safeguards } from '@torc/protocol/environment/safeguards'
import t from 'tap'
import { Violation } from '../cluster/history.js'
import { safeguardCases } from './cases.js'
import { catchCase, failureOf } from './safeguard-case.js'

for (const one of safeguardCases) {
  t.test(`without "${one.without}": ${one.shows}`, async t => {
    const caught = await catchCase(one)
    if (caught === undefined) {
      t.fail(`none of ${one.seedsMax} seeds failed`)
      return
    }
    const { seed, failure } = caught
    t.type(failure.cause, Violation, failure.message)
    t.comment(failure.message.split('\n')[0])
    const inForce = await failureOf(one, seed, undefined)
    t.equal(inForce?.message, undefined, `${seed} passes with the rule in force`)
  })
}

t.test('each rule is taken away in some case', async t => {
  t.strictSame(safeguardCases.map(({ without }) => without).sort(), [...safeguards].sort())
})
