import { emptyContext } from '@torc/cluster/clocks/causal-context'
import { headsOf } from '@torc/cluster/state/key-state'
import t from 'tap'
import { purge } from '../../src/flows/delete-flow.js'
import { read } from '../../src/flows/get-flow.js'
import { write } from '../../src/flows/put-flow.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket()
const limits = { timeoutMs: undefined, signal: undefined }

function raise(cluster: FakeCluster, number: number): void {
  for (const agent of cluster.agents.agents.values()) agent.collection = number
}

const removal = { bucket, key: 'key', versionId: undefined, token: undefined, retry: false, ...limits }

t.test('a write learns of a collection from its clock read, and sends nothing in vain', async t => {
  const cluster = fakeCluster()
  raise(cluster, 64)
  await write(cluster.c, await writeOf(cluster.c, bucket, 'key', 'one'))
  t.equal(cluster.agents.sentTo('mint').length, 1)
  t.equal(cluster.agents.sentTo('fetchKey').length, 2, 'the clock is read once more')
  cluster.agents.sent.length = 0
  await write(cluster.c, await writeOf(cluster.c, bucket, 'key', 'two'))
  t.equal(cluster.agents.sentTo('fetchKey').length, 1, 'from then on nothing is read twice')
})

t.test('a write without a clock read learns of it from the refusal', async t => {
  const cluster = fakeCluster()
  raise(cluster, 64)
  const token = { context: emptyContext, newest: 0, seq: 0 }
  await write(cluster.c, await writeOf(cluster.c, bucket, 'key', 'one', { token }))
  t.equal(cluster.agents.sentTo('mint').length, 2)
})

t.test('a write whose delta is refused is found at its minter, and completed there', async t => {
  const cluster = fakeCluster()
  const { c, agents, owners } = cluster
  agents.fault = ({ name }) => {
    // Between the mint and the deltas.
    if (name === 'merge' && agents.sentTo('mint').length === 1) raise(cluster, 64)
    return undefined
  }
  const outcome = await write(c, await writeOf(c, bucket, 'key', 'one'))
  t.equal(agents.sentTo('mint').length, 1, 'it has one dot')
  for (const owner of owners(bucket, 'key')) {
    const heads = headsOf(owner.stateOf(bucket.id, 'key').versions.values())
    t.strictSame(
      heads.map(({ id }) => id),
      [outcome.version.id],
    )
  }
})

t.test('a purge that is refused reads the clocks again', async t => {
  const cluster = fakeCluster()
  const { c, agents } = cluster
  await write(c, await writeOf(c, bucket, 'key', 'one'))
  agents.fault = ({ name }) => {
    if (name === 'merge') raise(cluster, 64)
    return undefined
  }
  const { removed } = await purge(c, removal)
  t.equal(removed.length, 1)
})

t.test('a remainder that is being collected is not written back to those that have dropped it', async t => {
  for (const isCollecting of [true, false]) {
    const { c, agents, agent, owners } = fakeCluster()
    await write(c, await writeOf(c, bucket, 'key', 'one'))
    await purge(c, removal)
    const [first, ...others] = owners(bucket, 'key')
    for (const other of others) other.keys.clear()
    if (isCollecting) first?.collecting.add('key')
    t.ok(agent(0))
    agents.sent.length = 0
    await t.rejects(read(c, { bucket, key: 'key', versionId: undefined, ...limits }), {
      code: 'KEY_NOT_FOUND',
    })
    t.equal(agents.sentTo('merge').length > 0, !isCollecting)
  }
})
