import type { Member } from '@torc/cluster/membership/member'
import t from 'tap'
import { clusterStatus } from '../../src/flows/status-flow.js'
import { fakeCluster } from '../fakes/fake-cluster.js'

const member = (id: string, more: Partial<Member> = {}): Member => ({
  id,
  name: id,
  role: 'agent',
  address: '127.0.0.1:1',
  zone: '',
  capacity: 1,
  incarnation: 1,
  state: 'alive',
  ...more,
})
const three = async () => 3

t.test('a healthy cluster', async t => {
  const { c, ids } = fakeCluster()
  const members = [...ids.map(id => member(id)), member('server-1', { role: 'server' })]
  const status = await clusterStatus(c, members, three)
  t.match(status, { epoch: 1, partitions: 16, replicas: 3, healthy: true, problems: [], buckets: 3 })
  t.match(status.members[0], { state: 'alive', usedBytes: 1000, keys: 0, partitions: 16 })
  t.equal(status.members[3]?.partitions, undefined)
})

t.test('bytes are summed over the agents that tell them', async t => {
  const { c, ids } = fakeCluster()
  const members = ids.map(id => member(id))
  t.match(await clusterStatus(c, members, three), { logicalBytes: undefined, physicalBytes: undefined })
  const usages = new Map([
    [ids[0], { bodyBytes: 1000, inlineBytes: 100, blockBytes: 900, storedBytes: 300, blocksReleasing: 2 }],
    [ids[1], { bodyBytes: 500, inlineBytes: 500, blockBytes: 0, storedBytes: 0 }],
  ])
  const request = async (id: string) => ({
    head: { usedBytes: 1, freeBytes: 100, keys: 0, versions: 0, blocks: 7, ...usages.get(id) },
  })
  const telling = { ...c, agents: { isAlive: () => true, isReachable: () => true, request } as never }
  const status = await clusterStatus(telling, members, three)
  t.match(status, { logicalBytes: 1500, physicalBytes: 900 })
  t.match(status.members[0], { bodyBytes: 1000, storedBytes: 300, blocksReleasing: 2 })
  t.equal(status.members[2]?.bodyBytes, undefined)
})

t.test('what is wrong is said in words', async t => {
  const cluster = fakeCluster()
  const { c, ids, agents } = cluster
  const [first, second, third] = ids
  agents.down.add(first ?? '').add(third ?? '')
  agents.fault = ({ name }) => (name === 'fetchUsage' ? { kind: 'lost' } : undefined)
  const members = [member(first ?? ''), member(second ?? '')]
  const status = await clusterStatus(c, members, async () => {
    throw new Error('no quorum')
  })
  t.equal(status.healthy, false)
  t.match(status.problems, [
    /agent-0 is not reachable/,
    /agent-2 is down/,
    /16 of 16 partitions are on fewer than 3 agents that can be reached, 16 of them on too few/,
    /buckets cannot be listed: no quorum/,
  ])
  t.equal(status.members[1]?.usedBytes, undefined)
  t.match(status.members[2], { id: third, state: 'down', partitions: 16 })
})

t.test('an agent whose disk is an old copy is told, by itself or by the others', async t => {
  const { c, ids } = fakeCluster()
  const [first = '', second = ''] = ids
  const request = async (id: string) => ({
    head: { usedBytes: 1, freeBytes: 100, ...(id === first ? { restored: 'others know more' } : {}) },
  })
  const telling = {
    ...c,
    agents: { isAlive: () => true, isReachable: (id: string) => id !== second, request } as never,
  }
  const members = [member(first), member(second, { restored: true }), member(ids[2] ?? '')]
  const { problems } = await clusterStatus(telling, members, three)
  t.match(problems.slice(-2), [
    `Agent ${first} has an old copy of its disk (others know more): it takes no part until a layout takes it in anew.`,
    `Agent ${second} has an old copy of its disk: it takes no part until a layout takes it in anew.`,
  ])
})

t.test('no layout, and agents without a place', async t => {
  const { c } = fakeCluster({ bare: true })
  const status = await clusterStatus(c, [], three)
  t.match(status, { epoch: 0, healthy: false, problems: [/torc layout init/], buckets: 0 })
  const other = fakeCluster({ agents: 1, replicas: 3 })
  const stranger = {
    ...other.c,
    agents: {
      ...other.agents,
      isAlive: () => true,
      isReachable: () => true,
      request: other.agents.request.bind(other.agents),
    } as never,
  }
  const found = await clusterStatus(stranger, [member('agent-0'), member('agent-9')], three)
  t.match(found.problems, [/agent-9 has no place/, /3 replicas are wanted and the layout has 1 agents/])
})

t.test('hints that wait, and repairs under way, are told with what they are about', async t => {
  const { c, ids, agents } = fakeCluster()
  const [first = '', second = '', third = ''] = ids
  agents.down.add(third)
  const repair = { pass: 3, running: true, asked: false, partitions: 5, partitionsTotal: 32, unreachable: 0 }
  const usages = new Map([
    [first, { hints: [{ agent: third, keys: 2, blocks: 1 }] }],
    [second, { repair: { ...repair, different: 9, keysRepaired: 7, blocksRepaired: 0 } }],
  ])
  const request = async (id: string) => ({
    head: { usedBytes: 1, freeBytes: 100, keys: 0, versions: 0, blocks: 7, ...usages.get(id) },
  })
  const isAlive = (id: string) => agents.isAlive(id)
  const telling = { ...c, agents: { isAlive, isReachable: isAlive, request } as never }
  const { problems, members } = await clusterStatus(
    telling,
    ids.map(id => member(id)),
    three,
  )
  t.match(problems.slice(2), [
    `Agent ${first} keeps 2 keys and 1 block for agent ${third}: they wait until it is back.`,
    `Agent ${second} takes over what it missed: 7 keys so far, 5 of 32 partitions compared.`,
  ])
  t.strictSame(members[0]?.hints, [{ agent: third, keys: 2, blocks: 1 }])
  agents.down.clear()
  const handed = await clusterStatus(
    telling,
    ids.map(id => member(id)),
    three,
  )
  t.match(handed.problems[0], /they are being handed over/)
})
