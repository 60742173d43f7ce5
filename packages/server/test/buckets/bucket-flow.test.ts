import { keepAll } from '@torc/cluster/retention/policy'
import { versionIdOf } from '@torc/cluster/state/version'
import t from 'tap'
import { givenBody } from '../../src/bodies/body-source.js'
import { BucketFlow, checkedQuorums } from '../../src/buckets/bucket-flow.js'
import { Buckets } from '../../src/buckets/buckets.js'
import { ObjectControlStore } from '../../src/buckets/control-store.js'
import { partsBucket, sessionsBucket } from '../../src/buckets/hidden-buckets.js'
import { recordAgeMs, unreadAgeMs } from '../../src/buckets/record-cache.js'
import type { Coordination } from '../../src/core/coordination.js'
import { SyncSessionOperations } from '../../src/core/sync-session-operations.js'
import { write } from '../../src/flows/put-flow.js'
import { uploadPart } from '../../src/uploads/upload-part.js'
import { writeRecord } from '../../src/uploads/upload-record.js'
import { type FakeCluster, fakeCluster, writeOf } from '../fakes/fake-cluster.js'

function bucketsOf(cluster: FakeCluster, c: Coordination = cluster.c) {
  const store = new ObjectControlStore(c)
  const buckets = new Buckets(store, c.environment.clock, c.environment.hasher, c.clusterId)
  return { store, buckets, flow: new BucketFlow(c, store, buckets) }
}
const settle = () => new Promise(setImmediate)

t.test('buckets are made, shown, listed and removed', async t => {
  const cluster = fakeCluster()
  const { flow, buckets } = bucketsOf(cluster)
  const made = await flow.create('one', {})
  t.match(made, { name: 'one', generation: 1, replicas: 3, readQuorum: 2, writeQuorum: 2, policy: 'inherit' })
  t.equal(made.cutting, 'fixed')
  t.strictSame(made.inForce, { policy: keepAll, from: 'default' })
  await flow.create('two', { replicas: 1, strict: true })
  await settle()
  t.strictSame(await flow.show('one', {}), made)
  t.strictSame(
    (await flow.all({})).map(({ name }) => name),
    ['one', 'two'],
  )
  await t.rejects(flow.create('one', {}), { code: 'BUCKET_EXISTS' })
  const before = await buckets.find('one', {})
  await flow.remove('one', false, {})
  await settle()
  await t.rejects(flow.show('one', {}), { code: 'BUCKET_NOT_FOUND' })
  await t.rejects(async () => buckets.find('one', {}), { code: 'BUCKET_NOT_FOUND' })
  await t.rejects(flow.remove('one', false, {}), { code: 'BUCKET_NOT_FOUND' })
  t.strictSame(
    (await flow.all({})).map(({ name }) => name),
    ['two'],
  )
  const again = await flow.create('one', {})
  t.equal(again.generation, 2)
  t.notSame((await buckets.find('one', {})).id, before.id, 'nothing of the old one can show')
})

t.test('other servers hear of what they may remember otherwise, so not of new buckets', async t => {
  const cluster = fakeCluster()
  const told: number[] = []
  const recordNews = { ...cluster.c.recordNews, wrote: (time: number) => void told.push(time) }
  const { flow } = bucketsOf(cluster, { ...cluster.c, recordNews })
  await flow.create('one', {})
  t.equal(told.length, 0)
  await flow.change('one', { strict: true })
  t.equal(told.length, 1)
  await flow.setClusterPolicy('latest', {})
  t.equal(told.length, 2, 'that the cluster has no policy is remembered')
  await flow.remove('one', false, {})
  const ofRemoval = told.length
  t.ok(ofRemoval > 2)
  await flow.create('one', {})
  t.equal(told.length, ofRemoval)
})

t.test('a bucket with anything in it stays, unless forced', async t => {
  const cluster = fakeCluster()
  const { flow, buckets } = bucketsOf(cluster)
  await flow.create('full', {})
  const bucket = await buckets.find('full', {})
  for (const key of ['a', 'b', 'c']) await write(cluster.c, await writeOf(cluster.c, bucket, key, 'x'))
  await write(cluster.c, await writeOf(cluster.c, bucket, 'c', '', { kind: 'marker' }))
  await t.rejects(flow.remove('full', false, {}), { code: 'BUCKET_NOT_EMPTY' })
  t.ok(await flow.show('full', {}))
  await flow.remove('full', true, {})
  await settle()
  for (const key of ['a', 'b', 'c']) t.equal(cluster.agent(0).stateOf(bucket.id, key).versions.size, 0)
  await t.rejects(flow.show('full', {}), { code: 'BUCKET_NOT_FOUND' })
})

t.test('uploads under way keep a bucket too; forced, nothing of them is left', async t => {
  const cluster = fakeCluster()
  const { flow, buckets } = bucketsOf(cluster)
  const { c } = cluster
  const ends = { timeoutMs: undefined, signal: undefined }
  await flow.create('full', {})
  const bucket = await buckets.find('full', {})
  const { hasher, random } = c.environment
  for (const key of ['a', 'b']) {
    const opId = random.bytes(16)
    const upload = { bucket, key, uploadId: versionIdOf(opId) }
    const said = { contentType: '', metadata: [], policy: undefined, retry: false }
    await writeRecord(c, { upload, opId, ...said, ...ends })
    const part = { upload, partNumber: 1, opId: random.bytes(16), retry: false, ...ends }
    await uploadPart(c, part, givenBody('x', undefined))
  }
  // A part that a crash left without an upload.
  const orphan = partsBucket(hasher, bucket)
  await write(c, await writeOf(c, orphan, `${'z'.repeat(26)}/00001`, 'x'))
  const held = (): number =>
    [...cluster.agent(0).keys.values()].filter(
      ({ bucketId, state }) => bucketId === Buffer.from(orphan.id).toString('hex') && state.versions.size > 0,
    ).length
  await t.rejects(flow.remove('full', false, {}), { code: 'BUCKET_NOT_EMPTY', message: /uploads/ })
  await settle()
  t.equal(held(), 3)
  await flow.remove('full', true, {})
  await settle()
  t.equal(held(), 0)

  await flow.create('orphaned', {})
  const other = partsBucket(hasher, await buckets.find('orphaned', {}))
  await write(c, await writeOf(c, other, `${'z'.repeat(26)}/00001`, 'x'))
  await flow.remove('orphaned', false, {})
  await settle()
  t.equal(cluster.agent(0).stateOf(other.id, `${'z'.repeat(26)}/00001`).versions.size, 0)
})

t.test('folders that are synced with a bucket do not keep it, and go with it', async t => {
  for (const force of [false, true]) {
    const cluster = fakeCluster()
    const { flow, buckets } = bucketsOf(cluster)
    const sessions = new SyncSessionOperations(cluster.c, buckets)
    await flow.create('synced', {})
    const opened = await sessions.open({
      ...{ bucket: 'synced', prefix: '', place: 'host:/folder', client: undefined, session: undefined },
      ...{
        opId: cluster.c.environment.random.bytes(16),
        retry: false,
        timeoutMs: undefined,
        signal: undefined,
      },
    })
    const hidden = sessionsBucket(cluster.c.environment.hasher, await buckets.find('synced', {}))
    const held = (): number =>
      cluster.agent(0).stateOf(hidden.id, `${opened.client}/${opened.session}`).versions.size
    await settle()
    t.equal(held(), 1)
    await flow.remove('synced', force, {})
    await settle()
    t.equal(held(), 0)
  }
})

t.test('what another server wrote by its own copy of the record keeps the bucket', async t => {
  const cluster = fakeCluster()
  const { clock } = cluster.environment
  const here = bucketsOf(cluster, { ...cluster.c, otherServers: () => true })
  const there = bucketsOf(cluster)
  await here.flow.create('shared', {})
  const bucket = await there.buckets.find('shared', {})
  const removing = here.flow.remove('shared', false, {})
  const failed = t.rejects(removing, { code: 'BUCKET_NOT_EMPTY' })
  while (clock.timers === 0) await settle()
  t.equal(await there.buckets.find('shared', {}), bucket, 'still believed there')
  await write(cluster.c, await writeOf(cluster.c, bucket, 'late', 'x'))
  clock.advance(recordAgeMs)
  await failed
  t.ok(await there.flow.show('shared', {}))
})

t.test('a change is in force on other servers once it is answered', async t => {
  const cluster = fakeCluster()
  const { clock } = cluster.environment
  const here = bucketsOf(cluster, { ...cluster.c, otherServers: () => true })
  const there = bucketsOf(cluster)
  await here.flow.create('b', {})
  await there.buckets.find('b', {})
  const after = async <T>(change: Promise<T>, ageMs: number): Promise<T> => {
    while (clock.timers === 0) await settle()
    clock.advance(ageMs)
    return await change
  }
  await after(here.flow.change('b', { writeQuorum: 3 }), recordAgeMs)
  t.equal((await there.buckets.find('b', {})).writeQuorum, 3)
  await after(here.flow.setClusterPolicy('latest', {}), 2 * recordAgeMs)
  t.strictSame((await there.buckets.find('b', {})).policy, (await here.buckets.find('b', {})).policy)
  t.strictSame((await there.flow.show('b', {})).inForce.from, 'cluster')
  // One that died while it removed the bucket has not waited for the others; who makes it again does.
  await there.flow.remove('b', false, {})
  t.equal((await after(here.flow.create('b', {}), recordAgeMs)).generation, 2)
})

t.test('records are believed for a moment, and read once for all that wait', async t => {
  const cluster = fakeCluster()
  const { flow, buckets } = bucketsOf(cluster)
  await flow.create('one', { policy: 'all' })
  cluster.agents.sent.length = 0
  const both = await Promise.all([buckets.find('one', {}), buckets.find('one', {})])
  t.equal(both[0], both[1])
  t.equal(cluster.agents.sent.length, 2, 'one read of two owners')
  t.equal(buckets.find('one', {}), both[0], 'at once, without a promise')
  cluster.environment.clock.advance(recordAgeMs / 2)
  t.equal(buckets.find('one', {}), both[0], 'a middle-aged one too, while it is read again')
  t.equal(buckets.find('one', {}), both[0])
  await settle()
  t.equal(cluster.agents.sent.length, 4, 'one more read')
  t.not(buckets.find('one', {}), both[0])
  cluster.environment.clock.advance(recordAgeMs)
  t.ok(buckets.find('one', {}) instanceof Promise, 'an old one is not believed')
  await settle()
})

t.test('settings are changed, one by one', async t => {
  const { flow, buckets } = bucketsOf(fakeCluster())
  await flow.create('one', { policy: 'global:5' })
  t.match(await flow.change('one', { readQuorum: 3 }), { readQuorum: 3, writeQuorum: 2, policy: 'global:5' })
  t.match(await flow.change('one', { writeQuorum: 1, strict: true }), {
    readQuorum: 3,
    writeQuorum: 1,
    strict: true,
  })
  const changed = await flow.change('one', { policy: 'latest' })
  t.match(changed, { policy: 'latest', inForce: { from: 'bucket' }, changes: 3, strict: true })
  t.strictSame(await flow.show('one', {}), changed)
  t.match(await buckets.find('one', {}), { policy: { kind: 'latest' }, writeQuorum: 1, cutting: 'fixed' })
  await t.rejects(flow.change('one', { readQuorum: 4 }), { code: 'BAD_REQUEST', hint: /1 to 3/ })
  await t.rejects(flow.change('one', { policy: 'some' }), { code: 'BAD_REQUEST', hint: /dynamic:N/ })
  await t.rejects(flow.change('two', { policy: 'all' }), { code: 'BUCKET_NOT_FOUND' })
  await t.rejects(flow.create('two', { policy: 'global:5,age:30d' }), {
    code: 'BAD_REQUEST',
    message: /comma/,
  })
  await t.rejects(flow.change('one', { cutting: 'thin' as never }), { code: 'BAD_REQUEST', hint: /content/ })
  await t.rejects(flow.create('two', { cutting: 'thin' as never }), { code: 'BAD_REQUEST' })
  t.strictSame(await flow.show('one', {}), changed, 'what was refused changed nothing')
  t.match(await flow.change('one', { cutting: 'content' }), { cutting: 'content', policy: 'latest' })
  t.match(await flow.change('one', { strict: false }), { cutting: 'content', changes: 5 })
  t.match(await buckets.find('one', {}), { cutting: 'content' })
  t.match(await flow.create('two', { cutting: 'content' }), { cutting: 'content', compression: 'none' })
  await t.rejects(flow.change('two', { compression: 'zip' as never }), {
    code: 'BAD_REQUEST',
    hint: /brotli/,
  })
  await t.rejects(flow.create('three', { compression: 'zip' as never }), { code: 'BAD_REQUEST' })
  t.match(await flow.change('two', { compression: 'brotli' }), { cutting: 'content', compression: 'brotli' })
  t.match(await buckets.find('two', {}), { compression: 'brotli' })
  t.match(await flow.create('three', { compression: 'brotli' }), { compression: 'brotli' })
})

/** Lets time go on for rounds that overtook each other. */
async function inTime<T>(cluster: FakeCluster, running: Promise<T>): Promise<T> {
  let over = false
  const end = (): void => {
    over = true
  }
  running.then(end, end)
  while (!over) {
    await settle()
    if (!over) cluster.environment.clock.advance(1)
  }
  return await running
}

t.test('changes that race all take place, the same everywhere', async t => {
  const cluster = fakeCluster()
  const [here, there] = [bucketsOf(cluster), bucketsOf(cluster)]
  await here.flow.create('one', {})
  await inTime(
    cluster,
    Promise.all([
      here.flow.change('one', { policy: 'latest' }),
      there.flow.change('one', { strict: true }),
      here.flow.change('one', { readQuorum: 3 }),
    ]),
  )
  const shown = await here.flow.show('one', {})
  t.match(shown, { policy: 'latest', strict: true, readQuorum: 3, changes: 3 })
  t.strictSame(await there.flow.show('one', {}), shown)
})

t.test('of those who remove a bucket at the same time one does', async t => {
  const cluster = fakeCluster()
  const [here, there] = [bucketsOf(cluster), bucketsOf(cluster)]
  await here.flow.create('gone', {})
  const removing = [here, there, here].map(({ flow }) => flow.remove('gone', false, {}))
  const codes = (await inTime(cluster, Promise.allSettled(removing))).map(one =>
    one.status === 'fulfilled' ? 'removed' : one.reason.code,
  )
  t.same(codes.sort(), ['BUCKET_NOT_FOUND', 'BUCKET_NOT_FOUND', 'removed'])
})

t.test('the policy of the cluster', async t => {
  const cluster = fakeCluster()
  const [here, there] = [bucketsOf(cluster), bucketsOf(cluster)]
  await here.flow.create('inherits', {})
  await here.flow.create('own', { policy: 'global:2' })
  t.equal(await here.flow.clusterPolicy({}), 'inherit')
  await Promise.all([here.buckets.find('inherits', {}), there.buckets.find('inherits', {})])
  await here.flow.setClusterPolicy('dynamic:8', {})
  await settle()
  t.match(await here.buckets.find('inherits', {}), {
    policy: { kind: 'dynamic', max: 8 },
    policyFrom: 'cluster',
  })
  t.match(await there.buckets.find('inherits', {}), { policy: { kind: 'all' } }, 'not known there yet')
  cluster.environment.clock.advance(recordAgeMs)
  t.match(await there.buckets.find('inherits', {}), { policy: { kind: 'dynamic', max: 8 } })
  t.match(await here.buckets.find('own', {}), { policy: { max: 2 }, policyFrom: 'bucket' })
  t.strictSame(
    (await there.flow.all({})).map(({ name, inForce }) => [name, inForce.from]),
    [
      ['inherits', 'cluster'],
      ['own', 'bucket'],
    ],
    'its record is no bucket',
  )
  t.equal(await there.flow.count({}), 2)
  await here.flow.setClusterPolicy('inherit', {})
  t.match((await there.flow.show('inherits', {})).inForce, { policy: { kind: 'all' }, from: 'default' })
  await t.rejects(here.flow.setClusterPolicy('nonsense', {}), { code: 'BAD_REQUEST' })
})

t.test('cut off from the records a server goes on for a while', async t => {
  const cluster = fakeCluster()
  const { clock } = cluster.environment
  const { flow, buckets } = bucketsOf(cluster)
  await flow.create('one', { readQuorum: 1, writeQuorum: 1 })
  const bucket = await buckets.find('one', {})
  cluster.agents.down.add('agent-0').add('agent-1')
  for (const _ of [1, 2, 3]) {
    clock.advance(recordAgeMs)
    t.equal(await buckets.find('one', {}), bucket)
    await write(cluster.c, await writeOf(cluster.c, bucket, 'key', 'x'))
    await settle()
  }
  await t.rejects(async () => buckets.find('never', {}), { code: 'UNAVAILABLE' })
  clock.advance(recordAgeMs + unreadAgeMs)
  await t.rejects(async () => buckets.find('one', {}), { code: 'UNAVAILABLE' })
  cluster.agents.down.clear()
  t.match(await buckets.find('one', {}), { name: 'one' })
})

t.test('of racing creators one makes the bucket, and the others are told', async t => {
  const cluster = fakeCluster()
  const [here, there] = [bucketsOf(cluster), bucketsOf(cluster)]
  for (const generation of [1, 2]) {
    const creating = [here, there, here, there].map(({ flow }) => flow.create('race', {}))
    const made = await inTime(cluster, Promise.allSettled(creating))
    t.equal(made.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const one of made) if (one.status === 'rejected') t.match(one.reason, { code: 'BUCKET_EXISTS' })
    t.equal((await there.flow.show('race', {})).generation, generation)
    await here.flow.remove('race', false, {})
  }
})

t.test('quorums', async t => {
  t.strictSame(checkedQuorums({}, 3), { replicas: 3, readQuorum: 2, writeQuorum: 2 })
  t.strictSame(checkedQuorums({}, 5), { replicas: 3, readQuorum: 2, writeQuorum: 2 })
  t.strictSame(checkedQuorums({}, 1), { replicas: 1, readQuorum: 1, writeQuorum: 1 })
  t.strictSame(checkedQuorums({ replicas: 2, readQuorum: 1 }, 3), {
    replicas: 2,
    readQuorum: 1,
    writeQuorum: 2,
  })
  t.throws(() => checkedQuorums({ replicas: 4 }, 3), { code: 'BAD_REQUEST', hint: /at most 3/ })
  t.throws(() => checkedQuorums({ readQuorum: 4 }, 3), { code: 'BAD_REQUEST', message: /read quorum/ })
  t.throws(() => checkedQuorums({ writeQuorum: 4 }, 3), { code: 'BAD_REQUEST', message: /write quorum/ })
})

t.test('before there is a layout', async t => {
  const { flow, buckets } = bucketsOf(fakeCluster({ bare: true }))
  await t.rejects(flow.create('one', {}), { code: 'NO_LAYOUT' })
  await t.rejects(async () => buckets.find('one', {}), { code: 'NO_LAYOUT' })
})
