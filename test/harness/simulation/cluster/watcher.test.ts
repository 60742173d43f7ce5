import t from 'tap'
import { simulateCluster } from './simulate-cluster.js'

for (const options of [
  { seed: 'watched 1' },
  { seed: 'watched 2', agents: 5, sloppy: true, clients: 3 },
  { seed: 'watched 3', load: 'conditions', clients: 4, operations: 20 },
] as const) {
  t.test(`whoever watches is told of all that was acknowledged: ${options.seed}`, async t => {
    const result = await simulateCluster({ ...options, watched: true })
    t.ok(result.told > 0 && result.acknowledged > 0)
    t.equal(result.resets, 0)
  })
}

t.test('whoever watches while agents come and go may have to begin anew, and knows', async t => {
  const options = { seed: 'watched layouts 1', agents: 4, layouts: true, operations: 30, watched: true }
  const result = await simulateCluster(options)
  t.ok(result.told > 0)
})
