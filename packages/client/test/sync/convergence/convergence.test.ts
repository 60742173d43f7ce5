import t from 'tap'
import { runConvergence } from './run.js'

/** `npm run sync:runs` does as many more as one likes. */
const runs = 2_000

t.test(`${runs} runs of people who work in folders at once end level, and nothing is lost`, async t => {
  for (let seed = 1; seed <= runs; seed++) await runConvergence(seed)
  t.pass(`${runs} runs`)
})
