import { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import { partitionBits } from '@torc/cluster/ring/partition-bits'
import { silentLog } from '@torc/protocol/environment/log'
import { systemHasher } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { PeerAgents } from '../../src/collection/other-agents.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { migrateIndex } from '../../src/index/schema.js'
import { AgentLayout } from '../../src/layout/agent-layout.js'
import { Membership } from '../../src/membership/membership.js'
import { HintCluster, membersOf } from '../hints/hint-fixture.js'
import { ManualClock } from '../support/manual-clock.js'

t.test(
  'who says that it holds hints of a partition, whatever is believed of it, but for this agent',
  async t => {
    const clock = new ManualClock()
    const database = new MemoryDisk().openDatabase('index.sqlite')
    migrateIndex(database, 'memory')
    const membership = new Membership(database, clock, silentLog)
    const self = { name: 'x', role: 'agent', address: '127.0.0.1:1', zone: '', capacity: 1 } as const
    membership.begin({ ...self, id: 'self', state: 'alive' })
    const hints = partitionBits([3]) ?? new Uint8Array()
    membership.describe({ hints })
    membership.hear([
      { ...self, id: 'holder', state: 'alive', incarnation: 1, hints },
      { ...self, id: 'holder-down', state: 'down', incarnation: 1, hints },
      { ...self, id: 'other', state: 'alive', incarnation: 1 },
    ])
    const agents = new PeerAgents({
      layout: new AgentLayout(database, 'self', systemHasher),
      membership,
      peers: { reach: () => Promise.reject(new TorcError('UNREACHABLE', 'gone')) },
      clock: new HybridClock(clock),
    })
    t.same(agents.holdersOf(3), ['holder', 'holder-down'])
    t.same(agents.holdersOf(2), [])
  },
)

t.test('a holder that starts again names its partitions to everyone at once', async t => {
  const cluster = await HintCluster.start(t, { agents: 4, replicas: 3 })
  const key = cluster.keyOf([0, 1, 2])
  await cluster.node(2).stop()
  await cluster.mint(3, key, 'x', { hintFor: cluster.idsOf(2) })
  await cluster.node(3).stop()
  await cluster.node(3).start()
  const bits = Buffer.from(partitionBits([cluster.partitionOf(key)]) ?? []).toString('hex')
  await cluster.until(async () => {
    const members = await membersOf(cluster.node(0).server)
    const holder = members.find(({ id }) => id === cluster.node(3).id)
    return Buffer.from(holder?.hints ?? []).toString('hex') === bits
  }, 'agent 0 hears of it')
})
