import { systemRandom } from '@torc/protocol/environment/system'
import { limits } from '@torc/protocol/limits'
import t from 'tap'
import { AccessKeyFlow } from '../../src/access/access-key-flow.js'
import { AccessKeys } from '../../src/access/access-keys.js'
import { credentialsOf } from '../../src/access/credentials.js'
import { SecretSeals } from '../../src/access/secret-seals.js'
import { BucketFlow } from '../../src/buckets/bucket-flow.js'
import { Buckets } from '../../src/buckets/buckets.js'
import { ObjectControlStore } from '../../src/buckets/control-store.js'
import { recordAgeMs } from '../../src/buckets/record-cache.js'
import type { Coordination } from '../../src/core/coordination.js'
import { type FakeCluster, fakeCluster } from '../fakes/fake-cluster.js'

const clusterSecret = Buffer.alloc(32, 9)
const root = { accessKey: 'TORCAAAAAAAAAAAAAAAA', secretKey: 'root-secret' }

/** A server's parts, beside those of others over the same agents. */
function serverOf(cluster: FakeCluster, c: Coordination = cluster.c) {
  const { clock, hasher, random } = c.environment
  const store = new ObjectControlStore(c)
  const seals = new SecretSeals(clusterSecret, hasher, random)
  const accessKeys = new AccessKeys(store, clock, seals)
  const buckets = new BucketFlow(c, store, new Buckets(store, clock, hasher, c.clusterId))
  const flow = new AccessKeyFlow(c, store, accessKeys, seals, root.accessKey)
  return { store, accessKeys, buckets, flow, credentials: credentialsOf(clusterSecret, root, accessKeys) }
}
const newId = () => systemRandom.bytes(16)

t.test('keys are made, shown, listed and deleted', async t => {
  const { flow, buckets } = serverOf(fakeCluster())
  await buckets.create('photos', {})
  const opId = newId()
  const made = await flow.create(opId, 'nightly', false, {})
  t.match(made, { id: /^TK/, name: 'nightly', root: false, admin: false, createdAt: Number, grants: [] })
  t.strictSame(await flow.create(opId, 'nightly', false, {}), made, 'a retry answers the same key')
  const admin = await flow.create(newId(), '', true, {})
  const { secretKey: _, ...shown } = made
  t.strictSame(await flow.show(made.id, {}), shown)
  t.match(await flow.show(root.accessKey, {}), { root: true, admin: true, createdAt: undefined })
  const ids = [made.id, admin.id].sort()
  t.strictSame(
    (await flow.list(undefined, {})).keys.map(({ id }) => id),
    [root.accessKey, ...ids],
  )
  t.strictSame(
    (await flow.list(root.accessKey, {})).keys.map(({ id }) => id),
    ids,
  )
  t.strictSame((await flow.list(ids[0], {})).keys.length, 1)
  t.strictSame(
    (await buckets.all({})).map(({ name }) => name),
    ['photos'],
    'no bucket is made of them',
  )
  await flow.delete(made.id, false, {})
  await t.rejects(flow.show(made.id, {}), { code: 'KEY_NOT_FOUND', exitCode: 3, hint: /torc key list/ })
  await t.rejects(flow.delete(made.id, false, {}), { code: 'KEY_NOT_FOUND' })
  await flow.delete(made.id, true, {})
  await t.rejects(flow.create(opId, 'nightly', false, {}), { code: 'CONFLICT' })
  t.strictSame(
    (await flow.list(undefined, {})).keys.map(({ id }) => id),
    [root.accessKey, admin.id],
  )
})

t.test('long lists come in pages', async t => {
  const { flow } = serverOf(fakeCluster({ partitions: 4 }))
  const ids: string[] = []
  for (let i = 0; i < limits.accessKeysListedMax + 1; i++)
    ids.push((await flow.create(newId(), '', false, {})).id)
  const first = await flow.list(undefined, {})
  t.match(first, { more: true, keys: { length: limits.accessKeysListedMax } })
  const second = await flow.list(first.keys.at(-1)?.id, {})
  t.match(second, { more: false, keys: { length: 2 } })
  t.strictSame([...first.keys, ...second.keys].map(({ id }) => id).slice(1), ids.sort())
})

t.test('grants are added and taken away; the root key stays as it is', async t => {
  const { flow, buckets } = serverOf(fakeCluster())
  await buckets.create('photos', {})
  const { id } = await flow.create(newId(), '', false, {})
  await t.rejects(flow.grant(id, 'nowhere', ['read'], {}), { code: 'BUCKET_NOT_FOUND' })
  await t.rejects(flow.grant('TKAAAAAAAAAAAAAAAAAA', 'photos', ['read'], {}), { code: 'KEY_NOT_FOUND' })
  t.strictSame(await flow.grant(id, 'photos', ['write'], {}), ['write'])
  t.strictSame(await flow.grant(id, 'photos', ['read', 'write'], {}), ['read', 'write'])
  t.strictSame(await flow.grant(id, '*', ['read'], {}), ['read'])
  t.strictSame((await flow.show(id, {})).grants, [
    { bucket: '*', grants: ['read'] },
    { bucket: 'photos', grants: ['read', 'write'] },
  ])
  t.strictSame(await flow.revoke(id, 'photos', ['write', 'owner'], {}), ['read'])
  t.strictSame(await flow.revoke(id, 'photos', ['read', 'write', 'owner'], {}), [])
  t.strictSame(await flow.revoke(id, 'nowhere', ['read'], {}), [], 'what was not granted is no error')
  t.strictSame((await flow.show(id, {})).grants, [{ bucket: '*', grants: ['read'] }])
  const denied = { code: 'DENIED', hint: /torc key create/ }
  await t.rejects(flow.revoke(root.accessKey, '*', ['owner'], {}), denied)
  await t.rejects(flow.grant(root.accessKey, '*', ['owner'], {}), denied)
  await t.rejects(flow.delete(root.accessKey, false, {}), denied)
})

t.test('a later bucket of the same name inherits no grants', async t => {
  const { flow, buckets } = serverOf(fakeCluster())
  await buckets.create('photos', {})
  await buckets.create('other', {})
  const { id } = await flow.create(newId(), '', false, {})
  await flow.grant(id, 'photos', ['read', 'owner'], {})
  await buckets.remove('photos', false, {})
  t.strictSame((await flow.show(id, {})).grants, [])
  await buckets.create('photos', {})
  t.strictSame((await flow.show(id, {})).grants, [])
  t.strictSame(await flow.grant(id, 'photos', ['write'], {}), ['write'], 'nothing of the old one comes back')
  t.strictSame((await flow.show(id, {})).grants, [{ bucket: 'photos', grants: ['write'] }])
})

t.test('a key has grants on so many buckets', async t => {
  const { flow, store, buckets } = serverOf(fakeCluster())
  await buckets.create('photos', {})
  const { id } = await flow.create(newId(), '', false, {})
  await flow.grant(id, '*', ['read'], {})
  const stored = await store.getAccessKey(id, {})
  if (stored === undefined) throw new Error('the key has no record')
  const [grant] = stored.record.grants
  const grants = Array.from({ length: limits.grantsMax }, () => grant ?? t.fail())
  await store.putAccessKey({ ...stored.record, grants } as typeof stored.record, stored.stamp, newId(), {})
  await t.rejects(flow.grant(id, 'photos', ['read'], {}), { code: 'BAD_REQUEST', hint: /another key/ })
})

t.test('the handshake finds the secrets of keys that are there', async t => {
  const cluster = fakeCluster()
  const { flow, credentials } = serverOf(cluster)
  const { id, secretKey } = await flow.create(newId(), '', false, {})
  t.strictSame(await credentials.secretOf('client', id), Buffer.from(secretKey))
  t.strictSame(credentials.secretOf('client', root.accessKey), Buffer.from(root.secretKey))
  for (const role of ['agent', 'server', 'gateway'] as const)
    t.strictSame(credentials.secretOf(role, id), clusterSecret)
  t.equal(await credentials.secretOf('client', 'TKAAAAAAAAAAAAAAAAAA'), undefined)
  t.equal(await credentials.secretOf('client', 'nonsense'), undefined)
  await flow.delete(id, false, {})
  t.equal(await credentials.secretOf('client', id), undefined)
})

t.test('where the records cannot be read, nobody is told that a key is unknown', async t => {
  const { credentials } = serverOf(fakeCluster({ bare: true }))
  await t.rejects(async () => credentials.secretOf('client', 'TKAAAAAAAAAAAAAAAAAA'), {
    code: 'UNAVAILABLE',
    retryable: true,
    hint: /torc status/,
  })
})

t.test('another server believes what it knows of a key for two seconds', async t => {
  const cluster = fakeCluster()
  const { clock } = cluster.environment
  const [one, two] = [serverOf(cluster, { ...cluster.c, otherServers: () => true }), serverOf(cluster)]
  const { id } = await one.flow.create(newId(), '', false, {})
  t.match(await two.accessKeys.find(id, {}), { id })
  let done = false
  const deleting = one.flow.delete(id, false, {}).then(() => {
    done = true
  })
  while (clock.timers === 0) await new Promise(setImmediate)
  await t.rejects(async () => one.accessKeys.find(id, {}), { code: 'DENIED', exitCode: 4 })
  t.match(await two.accessKeys.find(id, {}), { id }, 'believed')
  t.equal(done, false, 'and so not answered yet')
  clock.advance(recordAgeMs)
  await deleting
  await t.rejects(async () => two.accessKeys.find(id, {}), { code: 'DENIED' })
  await t.rejects(async () => two.accessKeys.find(id, {}), { code: 'DENIED' }, 'also from memory')
})

t.test('what is taken away does not come back by a change that raced it', async t => {
  const { flow, store, buckets } = serverOf(fakeCluster())
  for (const bucket of ['photos', 'music']) await buckets.create(bucket, {})
  const { id } = await flow.create(newId(), '', false, {})
  await flow.grant(id, 'photos', ['read', 'write'], {})
  const before = await store.getAccessKey(id, {})
  if (before === undefined) throw new Error('the key has no record')
  await flow.revoke(id, 'photos', ['write'], {})
  // Read before, written after.
  const late = () => store.putAccessKey({ ...before.record, name: 'raced' }, before.stamp, newId(), {})
  await t.rejects(late(), { code: 'CONFLICT' })
  t.strictSame((await flow.show(id, {})).grants, [{ bucket: 'photos', grants: ['read'] }])
  await flow.delete(id, false, {})
  await t.rejects(late(), { code: 'CONFLICT' })
  await t.rejects(flow.show(id, {}), { code: 'KEY_NOT_FOUND' })
})
