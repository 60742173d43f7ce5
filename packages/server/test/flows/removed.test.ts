import { encodeContext } from '@torc/cluster/clocks/causal-context'
import t from 'tap'
import { keyFields, place } from '../../src/core/placement.js'
import { purge } from '../../src/flows/delete-flow.js'
import { read, uniqueMatch } from '../../src/flows/get-flow.js'
import { write } from '../../src/flows/put-flow.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket()
const ends = { timeoutMs: undefined, signal: undefined }
const named = (versionId: string) => ({ bucket, key: 'key', versionId, ...ends })
const put = async (cluster: FakeCluster, text: string, opId: string) =>
  (await write(cluster.c, await writeOf(cluster.c, bucket, 'key', text, { opId: Buffer.from(opId, 'hex') })))
    .version
const settle = () => new Promise(setImmediate)

t.test('a version that was purged is said to be so, by its id and by a prefix', async t => {
  const cluster = fakeCluster()
  const { c } = cluster
  const one = await put(cluster, 'one', '01'.repeat(16))
  await put(cluster, 'two', 'ff'.repeat(16))
  await settle()
  await purge(c, { ...named(one.id), token: undefined, retry: false })
  await settle()
  for (const versionId of [one.id, one.id.slice(0, 3)]) {
    await t.rejects(read(c, named(versionId)), {
      code: 'VERSION_REMOVED',
      message: `version ${one.id} of bucket/key was purged`,
      details: { versionId: one.id, how: 'purged' },
    })
  }
  await t.rejects(purge(c, { ...named(one.id), token: undefined, retry: false }), { code: 'VERSION_REMOVED' })
  t.strictSame(
    (await purge(c, { ...named(one.id), token: undefined, retry: true })).removed,
    [],
    'a retry finds its own work done',
  )
  await t.rejects(read(c, named('abc')), { code: 'VERSION_NOT_FOUND' })
})

t.test('an owner that still holds it does not bring it back', async t => {
  const cluster = fakeCluster()
  const { c, agents } = cluster
  const one = await put(cluster, 'one', '01'.repeat(16))
  await settle()
  const [first] = cluster.owners(bucket, 'key').map(({ id }) => id)
  agents.down.add(first ?? '')
  await purge(c, { ...named(one.id), token: undefined, retry: false })
  await settle()
  agents.down.clear()
  await t.rejects(read(c, named(one.id)), { code: 'VERSION_REMOVED', message: /was purged/ })
})

t.test('how a version went, from whoever knows best', t => {
  const request = { bucket, key: 'key' }
  const thrown = (removed: Parameters<typeof uniqueMatch>[3], id = 'aab') => {
    try {
      uniqueMatch(request, id, [], removed)
    } catch (error) {
      return (error as Error).message
    }
    return ''
  }
  t.match(thrown([['aab', 'merged']]), /has been removed$/)
  t.match(
    thrown([
      ['aab', 'merged'],
      ['aab', 'pruned'],
    ]),
    /was pruned by the retention policy/,
  )
  t.match(
    thrown([
      ['aab', 'purged'],
      ['aab', 'merged'],
    ]),
    /was purged$/,
  )
  t.match(
    thrown([
      ['aabc', 'purged'],
      ['aab', 'merged'],
    ]),
    /aab of bucket\/key has been removed$/,
    'the whole id counts before a prefix',
  )
  t.match(
    thrown(
      [
        ['aabc', 'purged'],
        ['aabd', 'purged'],
      ],
      'aab',
    ),
    /has no version aab$/,
    'a prefix of several says nothing of either',
  )
  t.end()
})

t.test('a removal that came by repair alone', async t => {
  const cluster = fakeCluster()
  const { c, agents } = cluster
  const one = await put(cluster, 'one', '01'.repeat(16))
  const two = await put(cluster, 'two', '02'.repeat(16))
  await settle()
  for (const id of cluster.ids) {
    const fields = keyFields(c, place(c, bucket, 'key'))
    await agents.request(id, 'merge', { ...fields, context: encodeContext(two.context) })
  }
  await t.rejects(read(c, named(one.id)), { code: 'VERSION_REMOVED', message: /has been removed/ })
})
