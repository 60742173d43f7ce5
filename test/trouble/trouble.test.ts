import t from 'tap'
import { makeTrouble } from './trouble.js'

// Short forms; each in full and all in turn: npm run trouble.
t.test(
  'an agent and then the holder of its hints are killed under load, and a link is cut one way',
  async t => {
    const { reports, problems } = await makeTrouble({
      lastsMs: 1_500,
      seed: 'short',
      only: ['hint holder', 'one way'],
    })
    t.strictSame(problems, [])
    t.equal(reports.length, 2)
    for (const { name, puts, reads } of reports) t.ok(puts > 0 && reads > 0, name)
  },
)
