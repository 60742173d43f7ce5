import { createCipheriv, createHash } from 'node:crypto'
import { contentShape } from '@torc/protocol/cutting/content-cutter'
import type { RequestOf } from '@torc/protocol/messages/table'
import t from 'tap'
import { givenBody } from '../../src/bodies/body-source.js'
import { storedBody } from '../../src/bodies/stored-body.js'
import { copy } from '../../src/flows/copy-flow.js'
import { type ReadVersion, read } from '../../src/flows/get-flow.js'
import { write } from '../../src/flows/put-flow.js'
import type { WriteOutcome } from '../../src/flows/write-request.js'
import { withSharedBody, writeShared } from '../../src/shared-path/shared-transfer.js'
import { type FakeCluster, fakeCluster, prepared, testBucket, writeOf } from '../fakes/fake-cluster.js'

const mebibyte = 1024 * 1024
const ends = { timeoutMs: undefined, signal: undefined }
const bucket = testBucket(1, 1, 1, 'content')
const fixed = testBucket(1, 1, 1, 'fixed')
const cluster1 = () => fakeCluster({ agents: 3, replicas: 1 })

/** Bytes without a pattern, the same for each seed. */
function noise(size: number, seed = 1): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(size))
}

function withInsertion(bytes: Uint8Array): Buffer {
  const middle = bytes.length >>> 1
  return Buffer.concat([bytes.subarray(0, middle), noise(100, 9), bytes.subarray(middle)])
}

async function* piecesOf(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** What it takes to write the bytes: the outcome, and the sizes of the blocks that were sent. */
async function put(cluster: FakeCluster, key: string, bytes: Uint8Array, to = bucket) {
  await new Promise(setImmediate)
  cluster.agents.sent.length = 0
  const request = await writeOf(cluster.c, to, key, bytes)
  const outcome: WriteOutcome = await write(cluster.c, request)
  await new Promise(setImmediate)
  const sent = cluster.agents.sent
    .filter(({ name }) => name === 'putBlock')
    .map(({ head }) => (head as RequestOf<'putBlock'>).size)
  return { ...outcome, sent, deduplicatedBytes: request.body.deduplicatedBytes }
}

const get = (cluster: FakeCluster, key: string): Promise<ReadVersion> =>
  read(cluster.c, { bucket, key, versionId: undefined, ...ends })

async function bytesOf(cluster: FakeCluster, found: ReadVersion, range?: [number, number?]): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of storedBody(cluster.c, found, range, ends).stream ?? []) pieces.push(piece)
  return Buffer.concat(pieces)
}

t.test('after an insertion of 100 bytes a block or two are new, where fixed cutting renews half', async t => {
  const cluster = cluster1()
  const bytes = noise(64 * mebibyte)
  const first = await put(cluster, 'image', bytes)
  t.equal(first.sent.length, first.version.blocks?.length)
  const changed = withInsertion(bytes)
  const second = await put(cluster, 'image', changed)
  const sentBytes = second.sent.reduce((sum, size) => sum + size, 0)
  t.ok(second.sent.length >= 1 && second.sent.length <= 2, `${second.sent.length} blocks`)
  t.ok(sentBytes < 0.05 * changed.length, `${sentBytes} bytes`)
  t.equal(second.deduplicatedBytes, changed.length - sentBytes)
  t.equal(sha256(await bytesOf(cluster, await get(cluster, 'image'))), sha256(changed))

  const part = bytes.subarray(0, 8 * mebibyte)
  await put(cluster, 'fixed', part, fixed)
  t.equal((await put(cluster, 'fixed', withInsertion(part), fixed)).sent.length, 5)
})

t.test('ranges read only their blocks, of whatever sizes', async t => {
  const cluster = cluster1()
  const bytes = noise(6 * mebibyte)
  const { version } = await put(cluster, 'image', bytes)
  const sizes = (version.blocks ?? []).map(({ size }) => size)
  t.ok(new Set(sizes).size > 2, 'no two alike')
  for (const size of sizes.slice(0, -1)) t.ok(size >= contentShape.bytesMin && size <= contentShape.bytesMax)
  const found = await get(cluster, 'image')
  let border = 0
  for (const size of sizes.slice(0, -1)) {
    border += size
    cluster.agents.sent.length = 0
    t.same(await bytesOf(cluster, found, [border - 2, border + 1]), bytes.subarray(border - 2, border + 2))
    t.equal(cluster.agents.sentTo('fetchBlock').length, 2)
  }
  cluster.agents.sent.length = 0
  t.same(await bytesOf(cluster, found, [-10]), bytes.subarray(-10))
  t.equal(cluster.agents.sentTo('fetchBlock').length, 1)
})

t.test('however the bytes come, the blocks are the same', async t => {
  const cluster = cluster1()
  const bytes = noise(5 * mebibyte)
  const opId = Buffer.alloc(16, 1)
  const whole = await prepared(cluster.c, bucket, bytes, opId, 'image')
  const pieces = givenBody(piecesOf(bytes, 70_001), undefined)
  const streamed = await prepared(cluster.c, bucket, pieces, opId, 'image')
  t.strictSame(streamed, { ...whole, deduplicatedBytes: bytes.length })
  let file = Buffer.alloc(0)
  const files = {
    openToRead: async () => ({ size: bytes.length, pieces: piecesOf(bytes, 262_144), close: async () => {} }),
    openToWrite: async () => ({
      write: async (piece: Uint8Array) => {
        file = Buffer.concat([file, piece])
      },
      commit: async () => {},
      abort: async () => {},
    }),
  }
  const announced = { size: undefined, sha256: undefined }
  const shared = await withSharedBody(files, '/image', announced, source =>
    prepared(cluster.c, bucket, source, opId, 'image'),
  )
  t.strictSame(shared, streamed)
  await write(cluster.c, { ...(await writeOf(cluster.c, bucket, 'image', bytes)), body: shared })
  const found = await get(cluster, 'image')
  const body = storedBody(cluster.c, found, undefined, ends)
  await writeShared(cluster.c, files, '/copy', body, found.version)
  t.equal(sha256(file), sha256(bytes))
})

t.test('a bucket that is cut otherwise from now on still reads and copies what it has', async t => {
  const cluster = cluster1()
  const bytes = noise(3 * mebibyte + 5)
  await put(cluster, 'old', bytes, fixed)
  const { version } = await put(cluster, 'new', bytes)
  t.not(version.blocks?.[0]?.size, mebibyte)
  t.equal(sha256(await bytesOf(cluster, await get(cluster, 'old'))), sha256(bytes))
  for (const key of ['old', 'new']) {
    cluster.agents.sent.length = 0
    await copy(cluster.c, {
      source: { bucket, key, versionId: undefined },
      ...{ bucket, key: `${key}-copy`, opId: cluster.c.environment.random.bytes(16) },
      ...{ contentType: undefined, metadata: undefined, token: undefined, policy: undefined, retry: false },
      ...ends,
    })
    t.strictSame(cluster.agents.sentTo('putBlock'), [], 'no body moves')
    const copied = await get(cluster, `${key}-copy`)
    t.strictSame(copied.version.blocks, (await get(cluster, key)).version.blocks)
    t.equal(sha256(await bytesOf(cluster, copied)), sha256(bytes))
  }
})
