import t from 'tap'
import { startCluster } from '../harness/processes/cluster.js'
import { fuzz } from './fuzz.js'

t.test('random and mutated frames neither stop a process nor disturb another client', async t => {
  const cluster = await startCluster({ logLevel: 'error' })
  t.teardown(() => cluster.stop())
  const result = await fuzz(cluster, 'short', 6_000)
  t.ok(result.frames >= 6_000)
  t.ok(result.healthyRequests > 0, 'the other client was served meanwhile')
  for (const bytes of Object.values(result.growth)) t.ok(bytes < 40 * 2 ** 20, 'memory is bounded')
})
