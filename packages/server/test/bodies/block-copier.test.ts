import type { Version } from '@torc/cluster/state/version'
import t from 'tap'
import { copyBlocks } from '../../src/bodies/block-copier.js'
import type { BlockUse } from '../../src/bodies/block-owners.js'
import type { PreparedBody } from '../../src/bodies/prepared-body.js'
import { write } from '../../src/flows/put-flow.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket()
const body = Buffer.alloc(2_500_000, 'some bytes')

async function stored(cluster: FakeCluster): Promise<Version> {
  const { version } = await write(cluster.c, await writeOf(cluster.c, bucket, 'from', body))
  await new Promise(setImmediate)
  cluster.agents.sent.length = 0
  return version
}

function copied({ c }: FakeCluster, version: Version, more: Partial<BlockUse> = {}): Promise<PreparedBody> {
  const opId = c.environment.random.bytes(16)
  const use = { bucket, key: 'to', opId, timeoutMs: undefined, signal: undefined, ...more }
  return copyBlocks(c, use, { bucket, key: 'from', opId: version.opId }, version)
}

t.test('W owners that have each block are enough', async t => {
  const cluster = fakeCluster()
  const version = await stored(cluster)
  cluster.agents.gate = ({ name, agent }) =>
    name === 'referBlocks' && agent === 'agent-2' ? new Promise(() => {}) : undefined
  const prepared = await copied(cluster, version)
  t.equal(prepared.size, version.size)
  t.strictSame(prepared.sha256, version.sha256)
  t.strictSame(prepared.blockSizes, [1_048_576, 1_048_576, 402_848])
  t.equal(prepared.blocks?.length, 96)
})

t.test('blocks that occur twice are asked for once', async t => {
  const cluster = fakeCluster()
  const version = await stored(cluster)
  const blocks = [...(version.blocks ?? []), ...(version.blocks ?? [])]
  await copied(cluster, { ...version, blocks })
  const asked = cluster.agents.sent
    .filter(({ name }) => name === 'referBlocks')
    .map(({ head }) => (head as { hashes: Uint8Array }).hashes.length)
  t.strictSame(asked, [96, 96, 96])
})

t.test('an owner that lost a block gets it again', async t => {
  const cluster = fakeCluster()
  const version = await stored(cluster)
  cluster.agent(0).blocks.clear()
  cluster.agent(1).blocks.clear()
  const prepared = await copied(cluster, version)
  t.equal(prepared.deduplicatedBytes, 0)
  t.strictSame(cluster.agents.sentTo('putBlock').length, 6)
  t.equal(cluster.agent(0).blocks.size, 3)
  await new Promise(setImmediate)
  t.equal(cluster.c.writeBudget.free, 4, 'all places are given back')
})

t.test('a block that is gone everywhere', async t => {
  const cluster = fakeCluster()
  const version = await stored(cluster)
  for (const i of [0, 1, 2]) cluster.agent(i).blocks.clear()
  await t.rejects(copied(cluster, version), {
    code: 'UNAVAILABLE',
    message: /no agent gave a block/,
  })
  await new Promise(setImmediate)
  t.equal(cluster.c.writeBudget.free, 4)
})

t.test('too few owners', async t => {
  const cluster = fakeCluster()
  const version = await stored(cluster)
  cluster.agents.down.add('agent-0').add('agent-1')
  await t.rejects(copied(cluster, version), { code: 'UNAVAILABLE', message: /1 of the key's 3 agents/ })
  cluster.agents.down.clear()
  cluster.agents.fault = ({ agent }) =>
    agent === 'agent-2' ? undefined : { kind: 'refused', code: 'DISK_FULL' }
  await t.rejects(copied(cluster, version), { code: 'DISK_FULL' })
  cluster.agents.fault = ({ name }) => (name === 'putBlock' ? { kind: 'lost' } : undefined)
  cluster.agent(0).blocks.clear()
  cluster.agent(1).blocks.clear()
  await t.rejects(copied(cluster, version), {
    code: 'UNAVAILABLE',
    message: /TIMEOUT/,
  })
})

t.test('another layout, or a caller that gave up', async t => {
  const cluster = fakeCluster()
  const version = await stored(cluster)
  cluster.agents.fault = () => ({ kind: 'refused', code: 'STALE_EPOCH' })
  await t.rejects(copied(cluster, version), { code: 'STALE_EPOCH' })
  cluster.agents.fault = undefined
  const signal = AbortSignal.abort()
  await t.rejects(copied(cluster, version, { signal }), { code: 'CANCELLED' })
})
