import { encodeEpoch, firstParentHash } from '@torc/cluster/ring/epoch'
import { keyPartition } from '@torc/cluster/ring/partition'
import { assignTable } from '@torc/cluster/ring/table'
import { silentLog } from '@torc/protocol/environment/log'
import fc from 'fast-check'
import t from 'tap'
import type { Agents } from '../../src/agents/agents.js'
import { Layout } from '../../src/layout/layout.js'
import { LayoutKeeper } from '../../src/layout/layout-keeper.js'
import { fakeCluster } from '../fakes/fake-cluster.js'

const agents = ['a', 'b', 'c'].map(id => ({ id, zone: '', capacity: 1 }))
const epochOf = (number: number, lineage = 'test', count = 3) => ({
  number,
  parentHash: firstParentHash,
  lineage,
  agents: agents.slice(0, count),
  table: assignTable(agents.slice(0, count), { partitions: 16, replicas: 3 }),
})
const settled = (epoch: ReturnType<typeof epochOf>) => ({ epoch, previous: undefined, stage: 3 }) as const
const { c, environment } = fakeCluster()
const { hasher } = environment
const answersNoEpoch = async (): Promise<unknown> => ({ head: {}, body: undefined })

t.test('owners by partition and replicas', async t => {
  const layout = new Layout(settled(epochOf(1)), hasher)
  t.equal(layout.owners(3, 3).length, 3)
  t.strictSame(layout.owners(3, 1), layout.owners(3, 3).slice(0, 1))
  t.equal(layout.owners(3, 2), layout.owners(3, 2), 'made once')
  t.throws(() => layout.owners(16, 1), RangeError)
  t.equal(layout.partitionsOf('a'), 16)
  t.equal(layout.replicas, 3)
  t.equal(new Layout(settled(epochOf(1, 'test', 1)), hasher).owners(0, 3).length, 1)
})

t.test('property: a key has the partition that agents compute', async () => {
  const layout = new Layout(settled(epochOf(1)), hasher)
  const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 250 })
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), key, (bucketId, text) => {
      return layout.partitionOfKey(hasher, bucketId, text) === keyPartition(hasher, bucketId, text, 16)
    }),
  )
})

t.test('the newest layout counts, and two of one number are a contradiction', async t => {
  const keeper = new LayoutKeeper(hasher, silentLog)
  t.throws(() => keeper.require(), { code: 'NO_LAYOUT', hint: /agents running/ }, 'nobody was there to ask')
  await keeper.learnFrom({ ...c.agents, request: answersNoEpoch } as Agents, 'a', 1_000)
  t.throws(
    () => keeper.require(),
    { code: 'NO_LAYOUT', hint: /layout init/ },
    'an agent says that there is none',
  )
  t.equal(keeper.number, 0)
  keeper.adopt({ epoch: encodeEpoch(epochOf(2)) }, 'x')
  keeper.adopt({ epoch: encodeEpoch(epochOf(1)) }, 'x')
  keeper.adopt({ epoch: encodeEpoch(epochOf(2)) }, 'y')
  t.equal(keeper.require().number, 2)
  keeper.adopt({ epoch: encodeEpoch(epochOf(2, 'other')) }, 'z')
  t.throws(() => keeper.require(), { code: 'CORRUPT', message: /two different layouts.*z holds/ })
})

t.test('a layout is learned from agents, and brought to those that lack it', async t => {
  const cluster = fakeCluster()
  const keeper = new LayoutKeeper(hasher, silentLog)
  cluster.agent(2).epoch = undefined
  await keeper.learnFrom(cluster.agents, 'agent-0', 100)
  t.equal(keeper.number, 1)
  await keeper.learnFrom(cluster.agents, 'agent-2', 100)
  t.ok(cluster.agent(2).epoch)
  t.strictSame(cluster.agents.sentTo('putEpoch'), ['agent-2'])
  cluster.agents.down.add('agent-1')
  await keeper.learnFromAll(cluster.agents, ['agent-1', 'agent-0'], 100)
  t.strictSame(cluster.agents.sentTo('putEpoch'), ['agent-2'])
})

t.test('requests that a newer layout makes stale are sent again', async t => {
  const { withFreshLayout } = await import('../../src/core/fresh-layout.js')
  const { TorcError } = await import('@torc/protocol/errors')
  let runs = 0
  const stale = async () => {
    runs++
    throw new TorcError('STALE_EPOCH', 'old')
  }
  await t.rejects(withFreshLayout(c, stale), { code: 'STALE_EPOCH' })
  t.equal(runs, 1, 'there is no newer one: once')
  const fails = async () => {
    throw new TorcError('CONFLICT', 'x')
  }
  await t.rejects(withFreshLayout(c, fails), { code: 'CONFLICT' })
})
