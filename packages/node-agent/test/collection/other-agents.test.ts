import { HybridClock } from '@torc/cluster/clocks/hybrid-clock'
import type { Member } from '@torc/cluster/membership/member'
import { partitionBits } from '@torc/cluster/ring/partition-bits'
import { systemHasher } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import t from 'tap'
import { PeerAgents } from '../../src/collection/other-agents.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { migrateIndex } from '../../src/index/schema.js'
import { AgentLayout } from '../../src/layout/agent-layout.js'
import { HintCluster, membersOf } from '../hints/hint-fixture.js'
import { ManualClock } from '../support/manual-clock.js'

t.test(
  'who says that it holds hints of a partition, whatever is believed of it, but for this agent and those that were given up',
  async t => {
    const clock = new ManualClock()
    const database = new MemoryDisk().openDatabase('index.sqlite')
    migrateIndex(database, 'memory')
    const node = { name: 'x', role: 'agent', address: '127.0.0.1:1', zone: '', capacity: 1, incarnation: 1 }
    const hints = partitionBits([3]) ?? new Uint8Array()
    const members = [
      { ...node, id: 'self', state: 'alive', hints },
      { ...node, id: 'holder', state: 'alive', hints },
      { ...node, id: 'holder-down', state: 'down', hints },
      { ...node, id: 'holder-gone', state: 'down', hints },
      { ...node, id: 'other', state: 'alive' },
    ] as Member[]
    const membership = {
      selfId: 'self',
      members: () => members,
      get: () => undefined,
      isDown: () => false,
    }
    const agents = new PeerAgents({
      layout: Object.assign(new AgentLayout(database, 'self', systemHasher), {
        isGivenUp: (id: string) => id === 'holder-gone',
      }),
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
