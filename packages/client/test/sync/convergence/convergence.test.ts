import t from 'tap'
import { runConvergence } from './run.js'

/** `npm run sync:properties` runs as many more as one likes. */
const runs = Number(process.env.RUNS ?? 2_000)
const from = Number(process.env.FROM ?? 1)

t.test(`${runs} runs of people who work in folders at once end level, and nothing is lost`, async t => {
  for (let seed = from; seed < from + runs; seed++) await runConvergence(seed)
  t.pass(`${runs} runs`)
})
