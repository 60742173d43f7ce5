import t from 'tap'
import { blockRounds } from './block-rounds.js'

t.test('kill -9 in the middle of uploads, copies, deletes and collection', async t => {
  // `npm run rounds` does more of them.
  const result = await blockRounds({ rounds: 5, seed: 'short', checkEvery: 5 })
  t.strictSame(result.problems, [])
  t.ok(result.acknowledged > 0)
  t.ok(result.blocksAtEnd > 0, 'there was something to count')
})
