import t from 'tap'
import { syncRounds } from './sync-rounds.js'

t.test('kill -9 of clients, servers and agents while people work in synced folders', async t => {
  // `npm run rounds:sync` does more of them.
  const options = { rounds: 4, seed: 'short', checkEvery: 2, desks: 2, servers: 1, keep: false }
  const { problems, story, checks, versions } = await syncRounds(options)
  t.strictSame(problems, [], story.join('\n'))
  t.equal(checks, 2)
  t.ok(versions > 0, 'there was something to judge')
})
