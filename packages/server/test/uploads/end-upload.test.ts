import t from 'tap'
import { abortUpload } from '../../src/uploads/end-upload.js'
import { readRecord } from '../../src/uploads/upload-record.js'
import { fakeCluster } from '../fakes/fake-cluster.js'
import { begin, bucket, hiddenVersions, limits, listed, partNumbers, sendPart, settle } from './support.js'

const gone = { code: 'UPLOAD_NOT_FOUND' }

t.test('an abort that was cut short shows, takes no parts, and is done again', async t => {
  const cluster = fakeCluster()
  const upload = await begin(cluster)
  const before = await readRecord(cluster.c, upload, limits)
  for (const number of [1, 2, 3]) await sendPart(cluster, upload, number)
  // Listing the parts fails.
  cluster.agents.fault = ({ name }) => (name === 'fetchRange' ? { kind: 'lost' } : undefined)
  await t.rejects(abortUpload(cluster.c, upload, false, limits), { code: 'UNAVAILABLE' })
  cluster.agents.fault = undefined
  await settle()
  const [ending] = await listed(cluster)
  t.match(ending, { key: 'key', uploadId: upload.uploadId, state: 'ending', createdAt: before?.createdAt })
  await t.rejects(sendPart(cluster, upload, 4), gone)
  await abortUpload(cluster.c, upload, false, limits)
  t.strictSame(await listed(cluster), [])
  t.strictSame(await partNumbers(cluster, upload), [])
  await settle()
  t.strictSame([...hiddenVersions(cluster, 'parts'), ...hiddenVersions(cluster, 'uploads')], [])
  await t.rejects(abortUpload(cluster.c, upload, false, limits), gone)
  await abortUpload(cluster.c, upload, true, limits)
})

t.test('another upload, also of the same key, keeps its parts', async t => {
  const cluster = fakeCluster()
  const [one, two] = [await begin(cluster), await begin(cluster)]
  for (const upload of [one, two]) await sendPart(cluster, upload, 1)
  const elsewhere = { ...two, key: 'other' }
  await t.rejects(abortUpload(cluster.c, elsewhere, false, limits), gone)
  await abortUpload(cluster.c, elsewhere, true, limits)
  await abortUpload(cluster.c, one, false, limits)
  t.strictSame(await partNumbers(cluster, two), [1])
  t.match(await listed(cluster), [{ uploadId: two.uploadId, state: 'open' }])
  t.equal(bucket.id.length, 16)
})

t.test('more parts than a page of them', async t => {
  const cluster = fakeCluster()
  const upload = await begin(cluster)
  await Promise.all(Array.from({ length: 300 }, (_, i) => sendPart(cluster, upload, i + 1, 'x')))
  t.equal((await partNumbers(cluster, upload)).length, 300)
  await abortUpload(cluster.c, upload, false, limits)
  await settle()
  t.strictSame(hiddenVersions(cluster, 'parts'), [])
})

t.test('one owner down at a time', async t => {
  const cluster = fakeCluster()
  const upload = await begin(cluster)
  cluster.agents.down.add('agent-0')
  await sendPart(cluster, upload, 1)
  cluster.agents.down.clear()
  cluster.agents.down.add('agent-1')
  t.strictSame(await partNumbers(cluster, upload), [1])
  await abortUpload(cluster.c, upload, false, limits)
  cluster.agents.down.clear()
  cluster.agents.down.add('agent-2')
  t.strictSame(await listed(cluster), [])
  t.strictSame(await partNumbers(cluster, upload), [])
  await t.rejects(sendPart(cluster, upload, 2), gone)
})
