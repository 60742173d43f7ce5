import type { Member } from '@torc/cluster/membership/member'
import t from 'tap'
import { describeLayout, initLayout } from '../../src/layout/layout-flow.js'
import { fakeCluster } from '../fakes/fake-cluster.js'

const membersOf = (ids: readonly string[]): Member[] =>
  ids.map(id => ({
    id,
    name: id,
    role: 'agent',
    address: '127.0.0.1:1',
    zone: '',
    capacity: 10,
    incarnation: 1,
    state: 'alive',
  }))

t.test('the first layout is made over the agents that are alive, and stored on each', async t => {
  const { c, agents, ids, agent } = fakeCluster({ bare: true })
  const info = await initLayout(c, membersOf(ids), { agents: 3 })
  t.match(info, { epoch: 1, partitions: 256, replicas: 3 })
  t.strictSame(
    info.agents.map(({ id, partitions }) => [id, partitions]),
    ids.map(id => [id, 256]),
  )
  for (const i of [0, 1, 2]) t.ok(agent(i).epoch)
  agents.sent.length = 0
  t.strictSame(await initLayout(c, membersOf(ids), {}), info, 'again: the same answer')
  t.strictSame(agents.sentTo('putEpoch'), [])
  t.strictSame(describeLayout(c), info)
  await t.rejects(initLayout(c, membersOf(ids), { agents: 2 }), { code: 'CONFLICT', hint: /3 agents/ })
  await t.rejects(initLayout(c, membersOf(ids), { replicas: 2 }), { code: 'CONFLICT' })
  await t.rejects(initLayout(c, membersOf(ids), { partitions: 16 }), {
    code: 'CONFLICT',
    hint: /another cluster/,
  })
})

t.test('N stays what was asked for with fewer agents', async t => {
  const { c, ids } = fakeCluster({ bare: true, agents: 2 })
  const info = await initLayout(c, membersOf(ids), {})
  t.equal(info.replicas, 3)
  t.equal(c.layouts.require().owners(0, 3).length, 2)
})

t.test('as many partitions as are asked for', async t => {
  const { c, ids } = fakeCluster({ bare: true })
  for (const partitions of [0, 3, 131_072])
    await t.rejects(initLayout(c, membersOf(ids), { partitions }), {
      code: 'BAD_REQUEST',
      hint: /power of two/,
    })
  t.match(await initLayout(c, membersOf(ids), { partitions: 16 }), { epoch: 1, partitions: 16 })
})

t.test('nobody, or too few', async t => {
  const { c, ids, agents } = fakeCluster({ bare: true })
  await t.rejects(initLayout(c, [], {}), { code: 'UNAVAILABLE', message: /no agent/ })
  agents.down.add(ids[0] ?? '')
  await t.rejects(initLayout(c, membersOf(ids), { agents: 3 }), {
    code: 'UNAVAILABLE',
    message: /2 agents are alive/,
  })
})

t.test('racing servers: over the same agents the same layout, over others one wins', async t => {
  const one = fakeCluster({ bare: true })
  const { LayoutKeeper } = await import('../../src/layout/layout-keeper.js')
  const second = { ...one.c, layouts: new LayoutKeeper(one.environment.hasher, one.c.log) }
  const both = await Promise.all([
    initLayout(one.c, membersOf(one.ids), {}),
    initLayout(second, membersOf(one.ids), {}),
  ])
  t.strictSame(both[0], both[1])
  const two = fakeCluster({ bare: true })
  const third = { ...two.c, layouts: new LayoutKeeper(two.environment.hasher, two.c.log) }
  const results = await Promise.allSettled([
    initLayout(two.c, membersOf(two.ids), {}),
    initLayout(third, membersOf(two.ids.slice(0, 2)), {}),
  ])
  t.strictSame(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  t.match(
    results.find(({ status }) => status === 'rejected'),
    { reason: { code: 'CONFLICT' } },
  )
})

t.test('an agent that fails while it is stored: again brings it there', async t => {
  const { c, ids, agents, agent } = fakeCluster({ bare: true })
  agents.fault = ({ name, agent: id }) =>
    name === 'putEpoch' && id === ids[2] ? { kind: 'lost' } : undefined
  await t.rejects(initLayout(c, membersOf(ids), {}), { code: 'INDETERMINATE' })
  agents.fault = undefined
  await initLayout(c, membersOf(ids), {})
  await initLayout(c, membersOf(ids), {})
  t.ok(agent(2).epoch)
})
