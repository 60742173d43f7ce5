import { contextAfterWrite } from '@torc/cluster/state/version'
import { limits as bounds } from '@torc/protocol/limits'
import t from 'tap'
import { purge } from '../../src/flows/delete-flow.js'
import { write } from '../../src/flows/put-flow.js'
import { changeTags, readTags, type TagRequest } from '../../src/flows/tag-flow.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const { tagsMax } = bounds
const bucket = testBucket()
const key = 'key'
const limits = { timeoutMs: undefined, signal: undefined }
const settle = () => new Promise(setImmediate)
const put = async ({ c }: FakeCluster, more = {}) => {
  const { version } = await write(c, await writeOf(c, bucket, key, '', more))
  await settle()
  return version
}
const of = (versionId?: string): TagRequest => ({ bucket, key, versionId, ...limits })
const tags = async ({ c }: FakeCluster, versionId?: string) =>
  Object.fromEntries((await readTags(c, of(versionId))).tags)
const change = async (
  { c }: FakeCluster,
  set: Record<string, string>,
  clear: readonly string[] = [],
  versionId?: string,
) => {
  const changed = await changeTags(c, of(versionId), { set: Object.entries(set), clear })
  await settle()
  return Object.fromEntries(changed.tags)
}

t.test('tags of a version', async t => {
  const cluster = fakeCluster()
  const one = await put(cluster)
  t.strictSame(await tags(cluster), {})
  t.strictSame(await change(cluster, { b: '2', a: '1' }), { a: '1', b: '2' })
  t.strictSame(await change(cluster, { 'ünï code': '' }, ['b']), { a: '1', 'ünï code': '' })
  t.strictSame(await tags(cluster), { a: '1', 'ünï code': '' })
  const two = await put(cluster)
  t.strictSame(await tags(cluster), {}, 'another version, other tags')
  await change(cluster, { older: 'yes' }, [], one.id.slice(0, 9))
  t.strictSame(await tags(cluster, one.id), { a: '1', older: 'yes', 'ünï code': '' })
  t.strictSame(await tags(cluster, two.id), {})
  for (const owner of cluster.owners(bucket, key)) {
    const { versions, attributes } = owner.stateOf(bucket.id, key)
    t.equal(versions.size, 2, 'no version is added')
    t.equal(attributes.size, 4, 'a cleared tag leaves its register')
  }
  await purge(cluster.c, { ...of(one.id), token: undefined, retry: false })
  await settle()
  t.equal(cluster.owners(bucket, key)[0]?.stateOf(bucket.id, key).attributes.size, 0, 'gone with its version')
})

t.test('what changes nothing writes nothing', async t => {
  const cluster = fakeCluster()
  await put(cluster)
  cluster.agents.sent.length = 0
  await change(cluster, {}, ['never', 'set'])
  t.strictSame(cluster.agents.sentTo('setAttributes'), [])
})

t.test('changes that race do not undo each other', async t => {
  const cluster = fakeCluster()
  await put(cluster)
  await Promise.all([change(cluster, { a: '1' }), change(cluster, { b: '2' })])
  t.strictSame(await tags(cluster), { a: '1', b: '2' })
  const both = await Promise.all([change(cluster, { a: '3' }), change(cluster, { a: '4' })])
  t.equal(both.length, 2)
  t.match(await tags(cluster), { a: /3|4/ })
})

t.test('what is no tag', async t => {
  const cluster = fakeCluster()
  await put(cluster)
  for (const name of ['', 'a\nb', 'x\u0000', '\u007f', '\u009f', 'x'.repeat(513), 'ü'.repeat(257)])
    await t.rejects(
      change(cluster, { [name]: '1' }),
      { code: 'BAD_REQUEST', hint: /512 bytes/ },
      JSON.stringify(name),
    )
  await t.rejects(change(cluster, { a: '1' }, ['a']), { code: 'BAD_REQUEST', message: /twice/ })
  await t.rejects(change(cluster, { a: 'x'.repeat(1025) }), { code: 'BAD_REQUEST', message: /1025 bytes/ })
  await change(cluster, { ['x'.repeat(512)]: 'x'.repeat(1024) })
  const many = Array.from({ length: tagsMax }, (_, i) => [`tag ${i}`, '1'] as const)
  await t.rejects(change(cluster, Object.fromEntries(many)), { code: 'BAD_REQUEST', message: /65 tags/ })
  await t.rejects(change(cluster, Object.fromEntries([...many, ['more', '']])), {
    message: /65 tags|at most 64/,
  })
  t.equal(Object.keys(await change(cluster, Object.fromEntries(many), ['x'.repeat(512)])).length, tagsMax)
  const clear = Array.from({ length: tagsMax + 1 }, (_, i) => `no ${i}`)
  await t.rejects(change(cluster, {}, clear), { code: 'BAD_REQUEST', message: /at most 64/ })
})

t.test('nothing to tag', async t => {
  const cluster = fakeCluster()
  await t.rejects(tags(cluster), { code: 'KEY_NOT_FOUND' })
  const one = await put(cluster)
  await t.rejects(change(cluster, { a: '1' }, [], 'aaaa'), { code: 'VERSION_NOT_FOUND' })
  await put(cluster, { kind: 'marker' })
  await t.rejects(change(cluster, { a: '1' }), { code: 'KEY_NOT_FOUND' })
  const token = { context: contextAfterWrite(one), newest: one.createdAt, seq: one.seq }
  await purge(cluster.c, { ...of(), token, retry: false })
  await settle()
  await t.rejects(tags(cluster, one.id), { code: 'VERSION_REMOVED' })
})
