import t from 'tap'
import { makeTrouble } from './trouble.js'

// Short forms; each in full and all in turn: npm run trouble.
t.test('one agent and then the holder of its hints are killed under load', async t => {
  const { reports, problems } = await makeTrouble({
    lastsMs: 1_500,
    seed: 'short',
    only: ['one agent', 'hint holder', 'one way'],
  })
  t.strictSame(problems, [])
  t.equal(reports.length, 3)
  for (const { name, puts, reads } of reports) t.ok(puts > 0 && reads > 0, name)
})
