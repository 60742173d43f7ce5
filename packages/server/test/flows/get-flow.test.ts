import { covers } from '@torc/cluster/clocks/causal-context'
import { stateDigest } from '@torc/cluster/state/key-state'
import { contextAfterWrite } from '@torc/cluster/state/version'
import t from 'tap'
import { Deadline } from '../../src/core/deadline.js'
import { place } from '../../src/core/placement.js'
import { purge } from '../../src/flows/delete-flow.js'
import { type ReadRequest, read, readHeads } from '../../src/flows/get-flow.js'
import { write } from '../../src/flows/put-flow.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket()
const wanted = (more: Partial<ReadRequest> = {}): ReadRequest => ({
  bucket,
  key: 'key',
  versionId: undefined,
  timeoutMs: undefined,
  signal: undefined,
  ...more,
})
const put = async (cluster: FakeCluster, text: string, more = {}) =>
  write(cluster.c, await writeOf(cluster.c, bucket, 'key', text, more))
const textOf = (pieces: readonly Uint8Array[] | undefined) => Buffer.concat(pieces ?? []).toString()
/** Lets the background of earlier writes end. */
const settle = () => new Promise(setImmediate)
const digestsOf = (cluster: FakeCluster) =>
  new Set(
    cluster
      .owners(bucket, 'key')
      .map(agent => Buffer.from(stateDigest(agent.stateOf(bucket.id, 'key'))).toString('hex')),
  )

t.test('heads from one owner, a digest from another', async t => {
  const cluster = fakeCluster()
  const written = await put(cluster, 'hello')
  await settle()
  cluster.agents.sent.length = 0
  const found = await read(cluster.c, wanted())
  t.equal(textOf(found.inline), 'hello')
  t.equal(found.version.id, written.version.id)
  t.equal(found.isLatest, true)
  t.equal(found.degraded, false)
  t.strictSame(
    cluster.agents.sent.map(({ name, head }) => [name, (head as { want: string }).want]),
    [
      ['fetchKey', 'heads'],
      ['fetchKey', 'digest'],
    ],
  )
  t.ok(covers(found.context, written.version.dot))
})

t.test('an empty object has an empty body', async t => {
  const cluster = fakeCluster()
  await put(cluster, '')
  t.equal(textOf((await read(cluster.c, wanted())).inline), '')
})

t.test('a key that is not there', async t => {
  const { c } = fakeCluster()
  await t.rejects(read(c, wanted()), { code: 'KEY_NOT_FOUND', message: 'there is no bucket/key' })
  await t.rejects(read(c, wanted({ versionId: 'abc' })), { code: 'VERSION_NOT_FOUND' })
})

t.test('a delete marker hides what is below it', async t => {
  const cluster = fakeCluster()
  const below = await put(cluster, 'below')
  const marker = await put(cluster, '', { kind: 'marker' })
  await t.rejects(read(cluster.c, wanted()), {
    code: 'KEY_NOT_FOUND',
    message: /is deleted/,
    hint: `Bring it back by removing its delete marker: \`torc rm bucket/key --version-id ${marker.version.id}\`.`,
    details: { marker: marker.version.id, siblings: [], context: /^\S+$/ },
  })
  const old = await read(cluster.c, wanted({ versionId: below.version.id }))
  t.equal(textOf(old.inline), 'below')
  t.equal(old.isLatest, false)
})

t.test('a delete marker beside another head names it', async t => {
  const cluster = fakeCluster()
  const base = await put(cluster, 'base')
  const token = { context: contextAfterWrite(base.version), newest: 0, seq: 0 }
  const kept = await put(cluster, 'kept', { token })
  await put(cluster, '', { kind: 'marker', token })
  await t.rejects(read(cluster.c, wanted()), {
    code: 'KEY_NOT_FOUND',
    hint: /torc get bucket\/key --all-siblings DIR/,
    details: { siblings: [kept.version.id] },
  })
})

t.test('siblings are named, and the latest is answered', async t => {
  const cluster = fakeCluster()
  const base = await put(cluster, 'base')
  const token = { context: contextAfterWrite(base.version), newest: 0, seq: 0 }
  const left = await put(cluster, 'left', { token })
  const right = await put(cluster, 'right', { token })
  const found = await read(cluster.c, wanted())
  t.equal(textOf(found.inline), 'right')
  t.strictSame(found.siblings, [left.version.id])
  t.ok(covers(found.context, left.version.dot))
  const merged = await put(cluster, 'merged', {
    token: { context: found.context, newest: found.newest, seq: found.seq },
  })
  t.ok(covers(merged.version.context, right.version.dot))
  t.strictSame((await read(cluster.c, wanted())).siblings, [])
})

t.test('owners that differ are joined, and brought level before the answer', async t => {
  const cluster = fakeCluster()
  await put(cluster, 'one')
  await settle()
  const [first, second] = cluster.owners(bucket, 'key').map(({ id }) => id)
  // The first owner misses the second write: the read begins there.
  cluster.agents.down.add(first ?? '')
  const two = await put(cluster, 'two')
  await settle()
  cluster.agents.down.clear()
  cluster.agents.sent.length = 0
  const found = await read(cluster.c, wanted())
  t.equal(found.version.id, two.version.id)
  t.equal(textOf(found.inline), 'two')
  t.ok(cluster.agents.sentTo('merge').includes(first ?? ''), 'written back')
  t.notOk(cluster.agents.sentTo('merge').includes(second ?? ''))
  t.equal(digestsOf(cluster).size, 1)
  cluster.agents.sent.length = 0
  await read(cluster.c, wanted())
  t.strictSame(cluster.agents.sentTo('merge'), [], 'a second read repairs nothing')
})

t.test('a purge that one owner missed is brought to it', async t => {
  const cluster = fakeCluster()
  await put(cluster, 'one')
  await settle()
  const [first] = cluster.owners(bucket, 'key').map(({ id }) => id)
  cluster.agents.down.add(first ?? '')
  await purge(cluster.c, {
    bucket,
    key: 'key',
    versionId: undefined,
    token: undefined,
    retry: false,
    timeoutMs: undefined,
    signal: undefined,
  })
  await settle()
  cluster.agents.down.clear()
  await t.rejects(read(cluster.c, wanted()), { code: 'KEY_NOT_FOUND' })
  t.equal(digestsOf(cluster).size, 1)
  t.equal(cluster.owners(bucket, 'key')[0]?.stateOf(bucket.id, 'key').versions.size, 0)
})

t.test('where the answer cannot be brought to W owners, it says degraded', async t => {
  const cluster = fakeCluster()
  await put(cluster, 'one')
  await settle()
  const [first] = cluster.owners(bucket, 'key').map(({ id }) => id)
  cluster.agents.down.add(first ?? '')
  await put(cluster, 'two')
  await settle()
  cluster.agents.down.clear()
  cluster.agents.fault = ({ name }) => (name === 'merge' ? { kind: 'lost' } : undefined)
  const found = await read(cluster.c, wanted())
  t.equal(textOf(found.inline), 'two')
  t.equal(found.degraded, true)
})

t.test('an owner that does not answer: another one', async t => {
  const cluster = fakeCluster()
  await put(cluster, 'hello')
  await settle()
  const [first, second] = cluster.owners(bucket, 'key').map(({ id }) => id)
  for (const silent of [first, second]) {
    cluster.agents.fault = ({ agent }) => (agent === silent ? { kind: 'lost' } : undefined)
    t.equal(textOf((await read(cluster.c, wanted())).inline), 'hello')
  }
  cluster.agents.fault = undefined
  cluster.agents.down.add(first ?? '').add(second ?? '')
  await t.rejects(read(cluster.c, wanted()), { code: 'UNAVAILABLE', message: /1 of 2 owners/ })
})

t.test('a version by a unique prefix of its id', async t => {
  const cluster = fakeCluster()
  const one = await put(cluster, 'one', { opId: Buffer.from('00000000000000000000000000000001', 'hex') })
  const two = await put(cluster, 'two', { opId: Buffer.from('00000000000000000000000000000100', 'hex') })
  await put(cluster, 'three', { opId: Buffer.from('ff000000000000000000000000000000', 'hex') })
  t.equal(textOf((await read(cluster.c, wanted({ versionId: one.version.id }))).inline), 'one')
  t.equal(
    (await read(cluster.c, wanted({ versionId: two.version.id.slice(0, 25) }))).version.id,
    two.version.id,
  )
  const three = await read(cluster.c, wanted({ versionId: '74' }))
  t.equal(textOf(three.inline), 'three')
  t.equal(three.isLatest, true)
  await t.rejects(read(cluster.c, wanted({ versionId: 'aaaa' })), {
    code: 'BAD_REQUEST',
    message: /2 versions/,
  })
})

t.test('the context of an old version covers nothing that came after it', async t => {
  const cluster = fakeCluster()
  const one = await put(cluster, 'one')
  const two = await put(cluster, 'two')
  const found = await read(cluster.c, wanted({ versionId: one.version.id }))
  t.ok(covers(found.context, one.version.dot))
  t.notOk(covers(found.context, two.version.dot))
})

t.test('heads of an unknown key are none', async t => {
  const { c } = fakeCluster()
  const heads = await readHeads(c, place(c, bucket, 'unknown'), new Deadline(c.environment.clock, undefined))
  t.strictSame(heads.heads, [])
})
