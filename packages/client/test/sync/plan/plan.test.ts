import t from 'tap'
import { planNames } from '../../../src/sync/plan/plan.js'
import { cases } from './cases.js'
import { stepText } from './step-text.js'
import { namesIn, worldOf } from './world-text.js'

for (const row of cases) {
  t.test(`${row.group}: ${row.name}`, async t => {
    const { steps, problems } = planNames(namesIn(row), worldOf(row))
    const refused = problems.map(({ name, message }) => `refuse ${name}: ${message}`)
    t.same([...steps.map(stepText), ...refused], row.steps)
  })
}
