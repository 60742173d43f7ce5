import t from 'tap'
import { race } from './races.js'

// `npm run races` makes 20 rounds.
t.test('racing creators have one winner, and racing increments are counted once each', async t => {
  const { problems, successes } = await race({ rounds: 3 })
  t.strictSame(problems, [])
  t.ok(successes > 0)
})
