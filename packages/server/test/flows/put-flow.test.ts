import { covers, encodeContext } from '@torc/cluster/clocks/causal-context'
import { headsOf, stateDigest } from '@torc/cluster/state/key-state'
import { contextAfterWrite, versionIdOf } from '@torc/cluster/state/version'
import t from 'tap'
import { write } from '../../src/flows/put-flow.js'
import { fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket()

t.test('mints at the first owner and ships the delta to the others', async t => {
  const { c, agents, owners } = fakeCluster()
  const [first, second, third] = owners(bucket, 'key').map(({ id }) => id)
  const outcome = await write(c, await writeOf(c, bucket, 'key', 'hello'))
  t.equal(outcome.mintedBy, first)
  t.strictSame(agents.sentTo('mint'), [first])
  t.strictSame(agents.sentTo('merge'), [second, third])
  t.strictSame(agents.sentTo('fetchKey'), [second], 'a clock read from R − 1 others')
  t.ok(outcome.replicas.length >= 2)
  t.strictSame(outcome.placement.owners, [first, second, third])
  const digests = owners(bucket, 'key').map(agent =>
    Buffer.from(stateDigest(agent.stateOf(bucket.id, 'key'))).toString('hex'),
  )
  t.equal(new Set(digests).size, 1, 'all owners hold the same')
})

t.test('with one replica it costs one request', async t => {
  const { c, agents } = fakeCluster({ agents: 1, replicas: 1 })
  await write(c, await writeOf(c, testBucket(1, 1, 1), 'key', 'hello'))
  t.equal(agents.sent.length, 1)
})

t.test('a plain write covers what R owners hold; a context just what it says', async t => {
  const { c, owners } = fakeCluster()
  const one = await write(c, await writeOf(c, bucket, 'key', '1'))
  const two = await write(c, await writeOf(c, bucket, 'key', '2'))
  t.ok(covers(two.version.context, one.version.dot))
  t.equal(two.version.seq, 2)
  const token = {
    context: contextAfterWrite(one.version),
    newest: one.version.createdAt,
    seq: one.version.seq,
  }
  const sibling = await write(c, await writeOf(c, bucket, 'key', '3', { token }))
  t.notOk(covers(sibling.version.context, two.version.dot))
  t.strictSame(sibling.siblings, [two.version.id])
  t.ok(sibling.version.createdAt > two.version.createdAt)
  const [owner] = owners(bucket, 'key')
  t.equal(headsOf(owner?.stateOf(bucket.id, 'key').versions.values() ?? []).length, 2)
})

t.test('an owner that is down: the next one mints', async t => {
  const { c, agents, owners } = fakeCluster()
  const [first, second] = owners(bucket, 'key').map(({ id }) => id)
  agents.down.add(first ?? '')
  const outcome = await write(c, await writeOf(c, bucket, 'key', 'hello'))
  t.equal(outcome.mintedBy, second)
  t.strictSame(outcome.down, [first])
  t.equal(outcome.replicas.length, 2)
})

t.test('fewer than W owners reachable: refused before anything is written', async t => {
  const { c, agents, owners } = fakeCluster()
  const [first, second] = owners(bucket, 'key').map(({ id }) => id)
  agents.down.add(first ?? '').add(second ?? '')
  await t.rejects(write(c, await writeOf(c, bucket, 'key', 'x')), { code: 'UNAVAILABLE' })
  t.strictSame(agents.sent, [])
})

t.test('fewer than W acks: indeterminate', async t => {
  const { c, agents } = fakeCluster()
  agents.fault = ({ name }) => (name === 'merge' ? { kind: 'lost' } : undefined)
  await t.rejects(write(c, await writeOf(c, bucket, 'key', 'x')), {
    code: 'INDETERMINATE',
    message: /1 of 2 agents/,
    hint: /may still appear/,
  })
})

t.test('"seen" is no acknowledgement', async t => {
  const { c, agents, owners } = fakeCluster()
  const write1 = await writeOf(c, bucket, 'key', 'x')
  const [minter, ...others] = owners(bucket, 'key')
  agents.gate = async ({ name }) => {
    if (name !== 'merge') return
    // A purge of just this version overtakes it at both replicas.
    const dot = [...(minter?.stateOf(bucket.id, 'key').versions.values() ?? [])][0]?.dot
    const context = {
      vector: new Map([[dot?.actor ?? minter?.actor, dot?.counter ?? 1]]),
      cloud: new Map(),
    } as never
    for (const other of others) {
      other.answer(
        'merge',
        {
          epoch: 1,
          stage: 3,
          time: 1,
          bucketId: bucket.id,
          key: 'key',
          context: encodeContext(context),
          keep: [],
        },
        undefined,
      )
    }
  }
  await t.rejects(write(c, write1), { code: 'INDETERMINATE' })
})

t.test('too few clocks: refused, nothing minted', async t => {
  const { c, agents } = fakeCluster()
  agents.fault = ({ name }) => (name === 'fetchKey' ? { kind: 'lost' } : undefined)
  await t.rejects(write(c, await writeOf(c, bucket, 'key', 'x')), { code: 'CLOCK_UNREAD' })
  t.strictSame(agents.sentTo('mint'), [])
})

t.test('a minter that refuses: the next one, without any search', async t => {
  const { c, agents, owners } = fakeCluster()
  const [first, second] = owners(bucket, 'key').map(({ id }) => id)
  agents.fault = ({ name, agent }) =>
    name === 'mint' && agent === first ? { kind: 'refused', code: 'DISK_FULL' } : undefined
  const outcome = await write(c, await writeOf(c, bucket, 'key', 'x'))
  t.equal(outcome.mintedBy, second)
})

t.test('all refuse for one reason: that reason', async t => {
  const { c, agents } = fakeCluster()
  agents.fault = ({ name }) => (name === 'mint' ? { kind: 'refused', code: 'DISK_FULL' } : undefined)
  await t.rejects(write(c, await writeOf(c, bucket, 'key', 'x')), { code: 'DISK_FULL' })
})

t.test('they refuse for several reasons', async t => {
  const { c, agents, owners } = fakeCluster()
  const [first] = owners(bucket, 'key').map(({ id }) => id)
  agents.fault = ({ name, agent }) =>
    name === 'mint' ? { kind: 'refused', code: agent === first ? 'CLOCK_SKEW' : 'DISK_FULL' } : undefined
  await t.rejects(write(c, await writeOf(c, bucket, 'key', 'x')), {
    code: 'UNAVAILABLE',
    message: /CLOCK_SKEW.*DISK_FULL/,
  })
})

t.test('a mint whose answer was lost is found, not repeated', async t => {
  const { c, agents, owners } = fakeCluster()
  let lost = 0
  agents.fault = ({ name }) => (name === 'mint' && lost++ === 0 ? { kind: 'answer lost' } : undefined)
  const request = await writeOf(c, bucket, 'key', 'x')
  const outcome = await write(c, request)
  t.equal(outcome.version.id, versionIdOf(request.opId))
  t.strictSame(agents.sentTo('mint').length, 1)
  await new Promise(setImmediate)
  for (const owner of owners(bucket, 'key')) t.equal(owner.stateOf(bucket.id, 'key').versions.size, 1)
})

t.test('a mint that was lost on its way is made by the next owner', async t => {
  const { c, agents, owners } = fakeCluster()
  const [first, second] = owners(bucket, 'key').map(({ id }) => id)
  agents.fault = ({ name, agent }) => (name === 'mint' && agent === first ? { kind: 'lost' } : undefined)
  const outcome = await write(c, await writeOf(c, bucket, 'key', 'x'))
  t.equal(outcome.mintedBy, second)
})

t.test('no mint was confirmed: indeterminate', async t => {
  const { c, agents } = fakeCluster()
  agents.fault = ({ name }) => (name === 'mint' ? { kind: 'lost' } : undefined)
  await t.rejects(write(c, await writeOf(c, bucket, 'key', 'x')), {
    code: 'INDETERMINATE',
    message: /no agent confirmed/,
  })
})

t.test('a retry makes no second version', async t => {
  const { c, agents, owners } = fakeCluster()
  const request = await writeOf(c, bucket, 'key', 'x')
  agents.fault = ({ name }) => (name === 'merge' ? { kind: 'lost' } : undefined)
  await t.rejects(write(c, request), { code: 'INDETERMINATE' })
  agents.fault = undefined
  const [first] = owners(bucket, 'key')
  const outcome = await write(c, { ...request, retry: true })
  t.equal(outcome.version.id, versionIdOf(request.opId))
  t.equal(outcome.mintedBy, first?.id)
  t.equal(agents.sentTo('mint').length, 1)
  t.ok(outcome.replicas.length >= 2)
  for (const { id } of owners(bucket, 'key').slice(0, 2))
    t.ok(outcome.replicas.some(([agent]) => agent === id))
})

t.test('a retry of what nobody has is a first attempt', async t => {
  const { c } = fakeCluster()
  const outcome = await write(c, await writeOf(c, bucket, 'key', 'x', { retry: true }))
  t.equal(outcome.replicas.length >= 2, true)
})

t.test('fewer agents than N: the store works', async t => {
  const { c } = fakeCluster({ agents: 1, replicas: 3 })
  const outcome = await write(c, await writeOf(c, bucket, 'key', 'x'))
  t.equal(outcome.replicas.length, 1)
})

t.test('no layout', async t => {
  const { c } = fakeCluster({ bare: true })
  await t.rejects(write(c, await writeOf(c, bucket, 'key', 'x')), { code: 'NO_LAYOUT' })
})

t.test('a layout that this server has not seen yet is loaded', async t => {
  const { c, agents, environment } = fakeCluster()
  const { LayoutKeeper } = await import('../../src/layout/layout-keeper.js')
  const layouts = new LayoutKeeper(environment.hasher, c.log)
  const outcome = await write({ ...c, layouts }, await writeOf(c, bucket, 'key', 'x'))
  t.equal(outcome.placement.layout.number, 1)
  t.ok(agents.sentTo('fetchEpoch').length >= 1)
})

t.test('the caller gave up, or its time is over', async t => {
  const { c, agents } = fakeCluster()
  const signal = AbortSignal.abort()
  await t.rejects(write(c, await writeOf(c, bucket, 'key', 'x', { signal })), { code: 'CANCELLED' })
  await t.rejects(write(c, await writeOf(c, bucket, 'key', 'x', { timeoutMs: 0 })), { code: 'TIMEOUT' })
  t.strictSame(agents.sentTo('mint'), [])
})
