import t from 'tap'
import { givenBody } from '../../src/bodies/body-source.js'
import { abortUpload } from '../../src/uploads/end-upload.js'
import { uploadPart } from '../../src/uploads/upload-part.js'
import { fakeCluster } from '../fakes/fake-cluster.js'
import {
  begin,
  bucket,
  hiddenVersions,
  limits,
  listed,
  named,
  partNumbers,
  partOf,
  sendPart,
  settle,
} from './support.js'

const gone = { code: 'UPLOAD_NOT_FOUND' }

t.test('parts are in blocks, however small; an empty one has none', async t => {
  const cluster = fakeCluster()
  const upload = await begin(cluster)
  const { version } = await sendPart(cluster, upload, 1, 'x')
  t.match(version, { size: 1, blocks: [{ size: 1 }] })
  t.match((await sendPart(cluster, upload, 2, '')).version, { size: 0, blocks: undefined })
  t.strictSame(await partNumbers(cluster, upload), [1, 2])
})

t.test('a part that is sent again replaces the one before on every agent', async t => {
  const cluster = fakeCluster()
  const upload = await begin(cluster)
  await sendPart(cluster, upload, 1, 'old')
  const { version } = await sendPart(cluster, upload, 1, 'new')
  await settle()
  t.strictSame(
    hiddenVersions(cluster, 'parts').map(({ id }) => id),
    [version.id, version.id, version.id],
  )
})

t.test('the body of a part of no upload is not read', async t => {
  const cluster = fakeCluster()
  const upload = { bucket, key: 'key', uploadId: 'a'.repeat(26) }
  async function* body() {
    t.fail('it was read')
    yield Buffer.alloc(1)
  }
  await t.rejects(uploadPart(cluster.c, partOf(cluster, upload, 1), givenBody(body(), undefined)), gone)
  t.strictSame(cluster.agents.sentTo('mint'), [])
})

t.test('a part that is written while its upload is aborted is removed by its own writer', async t => {
  const cluster = fakeCluster()
  const upload = await begin(cluster)
  let aborting: Promise<void> | undefined
  cluster.agents.gate = ({ name, head }) => {
    const { kind } = head as { kind?: string }
    if (name !== 'mint' || kind === 'marker') return undefined
    // The part was found welcome, and is minted only once the upload is gone.
    aborting ??= abortUpload(cluster.c, upload, false, limits)
    return aborting
  }
  await t.rejects(sendPart(cluster, upload, 1), gone)
  await settle()
  t.ok(aborting !== undefined)
  t.strictSame(hiddenVersions(cluster, 'parts'), [])
  t.strictSame(hiddenVersions(cluster, 'uploads'), [])
})

t.test('what a part left whose server died is removed by the retry, and nothing else', async t => {
  const cluster = fakeCluster()
  const upload = await begin(cluster)
  const part = partOf(cluster, upload, 1)
  // It dies after the part is written: the second look at the record is the third read of it.
  let minted = false
  cluster.agents.fault = ({ name, head }) => {
    const { want } = head as { want?: string }
    if (name === 'mint') minted = true
    return minted && name === 'fetchKey' && want === 'heads' ? { kind: 'lost' } : undefined
  }
  await t.rejects(uploadPart(cluster.c, part, givenBody('x', undefined)), { code: 'UNAVAILABLE' })
  cluster.agents.fault = undefined
  await settle()
  t.equal(hiddenVersions(cluster, 'parts').length, 3)
  // Its upload ends, seen by others without the part (which a slow merge may bring late).
  const other = { ...upload, key: 'other' }
  await t.rejects(
    uploadPart(cluster.c, { ...partOf(cluster, other, 1), retry: true }, givenBody('x', 1)),
    gone,
  )
  t.equal(hiddenVersions(cluster, 'parts').length, 3, 'another operation removes nothing')
  await t.rejects(uploadPart(cluster.c, { ...part, upload: other, retry: true }, givenBody('x', 1)), gone)
  await settle()
  t.strictSame(hiddenVersions(cluster, 'parts'), [])
})

t.test('whatever the order of messages, an abort leaves no part on any agent', async t => {
  for (let seed = 1; seed <= 150; seed++) {
    const cluster = fakeCluster({ seed })
    const { random } = cluster.c.environment
    const upload = await begin(cluster)
    await sendPart(cluster, upload, 1)
    cluster.agents.gate = async () => {
      for (let turns = (random.bytes(1)[0] ?? 0) % 6; turns > 0; turns--) await new Promise(setImmediate)
    }
    const parts = [1, 2, 3].map(number =>
      sendPart(cluster, upload, number).then(named, (error: { code: string }) => error.code),
    )
    const [aborted, ...outcomes] = await Promise.all([
      abortUpload(cluster.c, upload, false, limits).then(() => 'aborted'),
      ...parts,
    ])
    cluster.agents.gate = undefined
    await settle()
    t.equal(aborted, 'aborted')
    for (const outcome of outcomes)
      if (typeof outcome === 'string') t.equal(outcome, 'UPLOAD_NOT_FOUND', `seed ${seed}`)
    const left = [...hiddenVersions(cluster, 'parts'), ...hiddenVersions(cluster, 'uploads')]
    if (left.length > 0) t.fail(`seed ${seed} left ${left.length} versions`)
    t.strictSame(await listed(cluster), [], `seed ${seed}`)
  }
})
