import t from 'tap'
import { storedBody } from '../../src/bodies/stored-body.js'
import { read } from '../../src/flows/get-flow.js'
import { abortUpload } from '../../src/uploads/end-upload.js'
import type { Fault, SentRequest } from '../fakes/fake-agents.js'
import { type FakeCluster, fakeCluster } from '../fakes/fake-cluster.js'
import {
  begin,
  bucket,
  complete,
  hiddenVersions,
  limits,
  listed,
  named,
  partNumbers,
  sendPart,
  settle,
} from './support.js'

const large = Buffer.alloc(2_500_000, 'abcdefg')

async function contentOf(cluster: FakeCluster): Promise<string> {
  const found = await read(cluster.c, { bucket, key: 'key', versionId: undefined, ...limits })
  const { pieces, stream } = storedBody(cluster.c, found, undefined, limits)
  const all: Uint8Array[] = []
  for await (const piece of stream ?? pieces ?? []) all.push(piece)
  return Buffer.concat(all).toString()
}

t.test('a completion refers to the blocks and moves none', async t => {
  const cluster = fakeCluster()
  const upload = await begin(cluster)
  const parts = [named(await sendPart(cluster, upload, 1, large)), named(await sendPart(cluster, upload, 2))]
  await settle()
  const before = cluster.agents.bodyBytes
  cluster.agents.sent.length = 0
  const { version, deduplicatedBytes } = await complete(cluster, upload, parts)
  for (const name of ['putBlock', 'fetchBlock', 'fetchBody'] as const)
    t.strictSame(cluster.agents.sentTo(name), [], name)
  t.equal(cluster.agents.bodyBytes, before)
  t.equal(cluster.agents.sentTo('referBlocks').length, 3, 'one request for each owner')
  t.equal(deduplicatedBytes, version.size)
  t.match(version, { contentType: 'film/x', metadata: [['a', 'b']], partBlocks: [3, 1] })
  for (const id of [0, 1, 2])
    t.ok([...cluster.agent(id).references].some(reference => reference.endsWith(version.id)))
  await settle()
  t.strictSame([...hiddenVersions(cluster, 'parts'), ...hiddenVersions(cluster, 'uploads')], [])
  t.equal(await contentOf(cluster), `${large}part 2`)
})

t.test('a block that is gone fails it, and the upload stays', async t => {
  const cluster = fakeCluster()
  const upload = await begin(cluster)
  const part = named(await sendPart(cluster, upload, 1, 'lost'))
  await settle()
  const kept = [0, 1, 2].map(id => new Map(cluster.agent(id).blocks))
  for (const id of [0, 1, 2]) cluster.agent(id).blocks.clear()
  await t.rejects(complete(cluster, upload, [part]), {
    code: 'UNAVAILABLE',
    message: /no agent gave a block/,
  })
  t.match(await listed(cluster), [{ uploadId: upload.uploadId, state: 'open' }])
  for (const [id, blocks] of kept.entries())
    for (const [hash, bytes] of blocks) cluster.agent(id).blocks.set(hash, bytes)
  await complete(cluster, upload, [part])
  t.equal(await contentOf(cluster), 'lost')
})

/** Fails all requests that begin with the one that `when` tells. */
function dieAt(cluster: FakeCluster, when: (request: SentRequest) => boolean): void {
  let dead = false
  cluster.agents.fault = (request): Fault | undefined => {
    dead ||= when(request)
    return dead ? { kind: 'lost' } : undefined
  }
}

const isMarker = ({ name, head }: SentRequest): boolean =>
  name === 'mint' && (head as { kind?: string }).kind === 'marker'

t.test('a crash behind the mint: the object is safe, the upload is seen, a retry ends it', async t => {
  for (const [what, when, state] of [
    ['before the mark', isMarker, 'open'],
    [
      'while parts are removed',
      ({ name, head }: SentRequest) => name === 'merge' && (head as { keep?: unknown }).keep !== undefined,
      'ending',
    ],
  ] as const) {
    const cluster = fakeCluster()
    const upload = await begin(cluster)
    const parts = [named(await sendPart(cluster, upload, 1)), named(await sendPart(cluster, upload, 2))]
    const opId = cluster.c.environment.random.bytes(16)
    dieAt(cluster, when)
    const first = await complete(cluster, upload, parts, { opId })
    cluster.agents.fault = undefined
    await settle()
    t.equal(await contentOf(cluster), 'part 1part 2', what)
    t.match(await listed(cluster), [{ key: 'key', uploadId: upload.uploadId, state }], what)
    const again = await complete(cluster, upload, parts, { opId, retry: true })
    t.equal(again.version.id, first.version.id)
    await settle()
    t.strictSame([...hiddenVersions(cluster, 'parts'), ...hiddenVersions(cluster, 'uploads')], [], what)
    t.equal(await contentOf(cluster), 'part 1part 2', what)
  }
})

t.test('a crash behind the mint: an abort removes the upload and not the object', async t => {
  const cluster = fakeCluster()
  const upload = await begin(cluster)
  const part = named(await sendPart(cluster, upload, 1))
  dieAt(cluster, isMarker)
  await complete(cluster, upload, [part])
  cluster.agents.fault = undefined
  await abortUpload(cluster.c, upload, false, limits)
  t.strictSame(await listed(cluster), [])
  t.strictSame(await partNumbers(cluster, upload), [])
  t.equal(await contentOf(cluster), 'part 1')
})

t.test('a lost answer of the mint: the retry makes nothing new', async t => {
  const cluster = fakeCluster()
  const upload = await begin(cluster)
  const part = named(await sendPart(cluster, upload, 1))
  const opId = cluster.c.environment.random.bytes(16)
  const mints = (request: SentRequest) => request.name === 'mint' && !isMarker(request)
  cluster.agents.fault = request => (mints(request) ? { kind: 'answer lost' } : undefined)
  const lost = complete(cluster, upload, [part], { opId })
  await lost.catch(() => undefined)
  cluster.agents.fault = undefined
  const { version } = await complete(cluster, upload, [part], { opId, retry: true })
  await settle()
  for (const id of [0, 1, 2])
    t.strictSame(
      [...cluster.agent(id).stateOf(bucket.id, 'key').versions.values()].map(one => one.id),
      [version.id],
    )
})

t.test('two that race leave one upload less, and an object that is whole', async t => {
  for (let seed = 1; seed <= 40; seed++) {
    const cluster = fakeCluster({ seed })
    const { random } = cluster.c.environment
    const upload = await begin(cluster)
    const parts = [named(await sendPart(cluster, upload, 1)), named(await sendPart(cluster, upload, 2))]
    cluster.agents.gate = async () => {
      for (let turns = (random.bytes(1)[0] ?? 0) % 6; turns > 0; turns--) await new Promise(setImmediate)
    }
    const outcomes = await Promise.allSettled([1, 2].map(() => complete(cluster, upload, parts)))
    cluster.agents.gate = undefined
    await settle()
    t.ok(outcomes.some(({ status }) => status === 'fulfilled'))
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        t.ok(['UPLOAD_NOT_FOUND', 'INVALID_PART'].includes(outcome.reason.code), `${outcome.reason}`)
    }
    t.equal(await contentOf(cluster), 'part 1part 2', `seed ${seed}`)
    t.strictSame(await listed(cluster), [], `seed ${seed}`)
    t.strictSame(hiddenVersions(cluster, 'parts'), [], `seed ${seed}`)
  }
})
