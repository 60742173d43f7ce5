import { attributeKey } from '@torc/cluster/state/attributes'
import t from 'tap'
import { Deadline } from '../../src/core/deadline.js'
import { place } from '../../src/core/placement.js'
import { type AttributeChange, writeAttributes } from '../../src/flows/attribute-write.js'
import { write } from '../../src/flows/put-flow.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket()
const key = 'key'
const change: AttributeChange = {
  version: undefined,
  set: [['a', Buffer.from('1')]],
  clear: ['b'],
  seenTime: 0,
}

async function filled(): Promise<FakeCluster> {
  const cluster = fakeCluster()
  await write(cluster.c, await writeOf(cluster.c, bucket, key, 'x'))
  await new Promise(setImmediate)
  cluster.agents.sent.length = 0
  return cluster
}

function set({ c }: FakeCluster, more: Partial<AttributeChange> = {}, signal?: AbortSignal): Promise<void> {
  const deadline = new Deadline(c.environment.clock, undefined, signal)
  return writeAttributes(c, place(c, bucket, key), { ...change, ...more }, deadline)
}

const registerAt = (cluster: FakeCluster, owner: number, name: string) =>
  cluster.owners(bucket, key)[owner]?.stateOf(bucket.id, key).attributes.get(attributeKey(undefined, name))

t.test('set at the first owner, joined by the others', async t => {
  const cluster = await filled()
  // Another owner holds a register of a clock that runs five seconds ahead.
  const seenTime = cluster.c.hybridClock.now() + 5_000_000
  await set(cluster, { seenTime })
  await new Promise(setImmediate)
  const [first, second, third] = cluster.owners(bucket, key).map(({ id }) => id)
  t.strictSame(cluster.agents.sentTo('setAttributes'), [first])
  t.strictSame(cluster.agents.sentTo('merge'), [second, third])
  const register = registerAt(cluster, 0, 'a')
  t.equal(Buffer.from(register?.value ?? []).toString(), '1')
  t.ok((register?.time ?? 0) > seenTime)
  t.equal(registerAt(cluster, 0, 'b')?.value, undefined, 'cleared')
  for (const owner of [1, 2])
    t.match(registerAt(cluster, owner, 'a'), { time: register?.time, dot: register?.dot })
})

t.test('the next owner where the first can’t, or has no such version', async t => {
  const cluster = await filled()
  const [first, second] = cluster.owners(bucket, key)
  cluster.agents.fault = ({ name, agent }) =>
    name === 'setAttributes' && agent === first?.id ? { kind: 'answer lost' } : undefined
  await set(cluster)
  t.strictSame(cluster.agents.sentTo('setAttributes'), [first?.id, second?.id])
  cluster.agents.fault = undefined
  const dot = [...(second?.stateOf(bucket.id, key).versions.values() ?? [])][0]?.dot
  await set(cluster, { version: dot })
  const unknown = dot === undefined ? undefined : { ...dot, counter: 77 }
  await t.rejects(set(cluster, { version: unknown }), { code: 'VERSION_NOT_FOUND' })
})

t.test('too few owners', async t => {
  const cluster = await filled()
  const { agents } = cluster
  agents.fault = ({ name }) => (name === 'merge' ? { kind: 'lost' } : undefined)
  await t.rejects(set(cluster), { code: 'INDETERMINATE', message: /1 of 2/, hint: /again/ })
  agents.fault = ({ name }) => (name === 'setAttributes' ? { kind: 'refused', code: 'DISK_FULL' } : undefined)
  await t.rejects(set(cluster), { code: 'DISK_FULL' })
  agents.fault = ({ name }) => (name === 'setAttributes' ? { kind: 'lost' } : undefined)
  await t.rejects(set(cluster), { code: 'INDETERMINATE' }, 'it may have been set')
  agents.fault = ({ name }) => (name === 'setAttributes' ? { kind: 'refused', code: 'NOT_OWNER' } : undefined)
  await t.rejects(set(cluster), { code: 'NOT_OWNER' })
  await t.rejects(set(cluster, {}, AbortSignal.abort()), { code: 'CANCELLED' })
  agents.fault = undefined
  agents.down.add('agent-0').add('agent-1')
  await t.rejects(set(cluster), { code: 'UNAVAILABLE' })
})
