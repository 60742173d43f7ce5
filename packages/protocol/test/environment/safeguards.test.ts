import t from 'tap'
import { inForce, safeguards } from '../../src/environment/safeguards.js'
import { systemEnvironment } from '../../src/environment/system.js'

t.test('all rules are in force but one that was taken away', async t => {
  const [one, ...others] = safeguards
  for (const rule of safeguards) t.ok(inForce(systemEnvironment, rule))
  t.notOk(inForce({ without: one }, one))
  for (const rule of others) t.ok(inForce({ without: one }, rule), rule)
  t.equal(new Set(safeguards).size, safeguards.length)
})
