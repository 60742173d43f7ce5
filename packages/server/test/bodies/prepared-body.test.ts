import { createHash } from 'node:crypto'
import { limits } from '@torc/protocol/limits'
import t from 'tap'
import { emptyBody, givenBody, receivedBody } from '../../src/bodies/body-source.js'
import { storedBody } from '../../src/bodies/stored-body.js'
import type { BucketView } from '../../src/buckets/bucket-record.js'
import { read } from '../../src/flows/get-flow.js'
import { write } from '../../src/flows/put-flow.js'
import { GivenBody } from '../fakes/fake-agents.js'
import { type FakeCluster, fakeCluster, prepared, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket()
const opId = Buffer.alloc(16, 1)
const mebibyte = 1024 * 1024
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
/** No two blocks of it are equal. */
const noise = (cluster: FakeCluster, size: number) => {
  const seed = cluster.environment.random.bytes(4096)
  return Buffer.alloc(size, seed).map((byte, i) => byte ^ (i >>> 12) ^ (i >>> 20))
}
async function* piecesOf(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
const ends = { timeoutMs: undefined, signal: undefined }

t.test('small bodies stay whole, larger ones become blocks', async t => {
  const cluster = fakeCluster()
  for (const size of [
    0,
    1,
    limits.storedInlineBytesMax,
    limits.storedInlineBytesMax + 1,
    mebibyte,
    mebibyte + 1,
    3 * mebibyte + 5,
  ]) {
    const bytes = noise(cluster, size)
    for (const source of [givenBody(bytes, size), givenBody(piecesOf(bytes, 100_000), undefined)]) {
      const body = await prepared(cluster.c, bucket, source, opId)
      t.equal(body.size, size)
      t.equal(hex(body.sha256), sha256(bytes), `${size}`)
      const inline = size <= limits.storedInlineBytesMax
      t.equal(body.inline !== undefined, inline)
      if (inline) t.equal(sha256(Buffer.concat(body.inline ?? [])), sha256(bytes))
      else t.equal(body.blocks?.length, Math.ceil(size / mebibyte) * 32)
      t.equal(
        body.blockSizes?.reduce((a, b) => a + b, 0),
        inline ? undefined : size,
      )
    }
  }
  t.equal(cluster.c.writeBudget.free, 4)
})

t.test('each block is on the owners of its hash, and comes back', async t => {
  const cluster = fakeCluster({ agents: 5 })
  const bytes = noise(cluster, 2 * mebibyte + 77)
  const { version } = await write(cluster.c, await writeOf(cluster.c, bucket, 'big', bytes))
  await new Promise(setImmediate)
  const layout = cluster.c.layouts.require()
  for (const { hash } of version.blocks ?? []) {
    for (const owner of layout.owners(layout.partitionOfBlock(hash), 3)) {
      t.ok(cluster.agents.agents.get(owner)?.blocks.has(hex(hash)))
    }
  }
  const found = await read(cluster.c, { bucket, key: 'big', versionId: undefined, ...ends })
  const gather = async (range?: [number, number]) => {
    const pieces: Uint8Array[] = []
    for await (const piece of storedBody(cluster.c, found, range, ends).stream ?? []) pieces.push(piece)
    return Buffer.concat(pieces)
  }
  t.equal(sha256(await gather()), sha256(bytes))
  cluster.agents.sent.length = 0
  t.equal(sha256(await gather([mebibyte - 1, mebibyte])), sha256(bytes.subarray(mebibyte - 1, mebibyte + 1)))
  t.equal(cluster.agents.sentTo('fetchBlock').length, 2, 'a range reads only its blocks')
  t.equal(cluster.c.readBudget.free, 4)
  const [first] = version.blocks ?? []
  const [owner] = layout.owners(layout.partitionOfBlock(first?.hash ?? opId), 3)
  cluster.agents.fault = ({ agent, name }) =>
    agent === owner && name === 'fetchBlock' ? { kind: 'refused', code: 'CORRUPT' } : undefined
  t.equal(sha256(await gather()), sha256(bytes), 'a damaged block comes from another owner')
  cluster.agents.fault = ({ name }) =>
    name === 'fetchBlock' ? { kind: 'refused', code: 'CORRUPT' } : undefined
  await t.rejects(gather(), { code: 'CORRUPT' })
  cluster.agents.fault = ({ name }) => (name === 'fetchBlock' ? { kind: 'lost' } : undefined)
  await t.rejects(gather(), { code: 'UNAVAILABLE' })
  t.equal(cluster.c.readBudget.free, 4)
})

t.test('leaving a body early gives its places back', async t => {
  const cluster = fakeCluster()
  await write(cluster.c, await writeOf(cluster.c, bucket, 'big', noise(cluster, 4 * mebibyte)))
  const found = await read(cluster.c, { bucket, key: 'big', versionId: undefined, ...ends })
  for await (const piece of storedBody(cluster.c, found, undefined, ends).stream ?? []) {
    t.ok(piece.length > 0)
    t.equal(cluster.c.readBudget.free, 2, 'two blocks are read ahead')
    break
  }
  t.equal(cluster.c.readBudget.free, 4)
})

t.test('equal blocks of a body are written once and counted', async t => {
  const { c, agents } = fakeCluster()
  const bytes = Buffer.alloc(3 * mebibyte, 5)
  t.equal((await prepared(c, bucket, bytes, opId)).deduplicatedBytes, 2 * mebibyte)
  await new Promise(setImmediate)
  t.equal(agents.sentTo('putBlock').length, 3, 'one block to three owners')
  t.equal(c.writeBudget.free, 4)
  const again = await prepared(c, bucket, bytes, Buffer.alloc(16, 2))
  t.equal(again.deduplicatedBytes, 3 * mebibyte)
  t.same(
    again.blocks,
    Buffer.concat(Array(3).fill(createHash('sha256').update(bytes.subarray(0, mebibyte)).digest())),
  )
  t.equal(agents.sentTo('putBlock').length, 3, 'nothing more')
})

t.test('equal blocks fail together', async t => {
  const { c, agents } = fakeCluster()
  agents.fault = ({ name }) => (name === 'putBlock' ? { kind: 'refused', code: 'DISK_FULL' } : undefined)
  await t.rejects(prepared(c, bucket, Buffer.alloc(5 * mebibyte, 5), opId), { code: 'DISK_FULL' })
  await new Promise(setImmediate)
  t.equal(c.writeBudget.free, 4)
})

t.test('a body that the cluster has is not sent again, whatever its key, version or bucket', async t => {
  const cluster = fakeCluster()
  const bytes = noise(cluster, 5 * mebibyte + 12_345)
  const put = async (to: BucketView, key: string, body: Uint8Array): Promise<number> => {
    const { deduplicatedBytes } = await write(cluster.c, await writeOf(cluster.c, to, key, body))
    await new Promise(setImmediate)
    return deduplicatedBytes
  }
  t.equal(await put(bucket, 'first', bytes), 0)
  const first = cluster.agents.bodyBytes
  t.equal(first, 3 * bytes.length)
  for (const [to, key] of [
    [bucket, 'first'],
    [bucket, 'second'],
    [{ ...bucket, name: 'other', id: Buffer.alloc(16, 8) }, 'first'],
    [{ ...testBucket(1, 1, 1), id: Buffer.alloc(16, 9) }, 'first'],
  ] as const) {
    t.equal(await put(to, key, bytes), bytes.length)
  }
  t.equal(cluster.agents.bodyBytes, first, 'not a byte')
  const changed = Buffer.from(bytes)
  changed[2 * mebibyte] = ~(changed[2 * mebibyte] ?? 0)
  t.equal(await put(bucket, 'first', changed), bytes.length - mebibyte)
  t.equal(cluster.agents.bodyBytes - first, 3 * mebibyte, 'one block')
})

t.test('what fewer than W owners had is no duplicate', async t => {
  const cluster = fakeCluster()
  const bytes = noise(cluster, 2 * mebibyte)
  await prepared(cluster.c, testBucket(1, 1, 1), bytes, opId)
  t.equal((await prepared(cluster.c, bucket, bytes, Buffer.alloc(16, 2))).deduplicatedBytes, 0)
  await new Promise(setImmediate)
  t.equal(cluster.agents.bodyBytes, 3 * bytes.length, 'each owner got it once')
})

t.test('what was announced is checked', async t => {
  const { c } = fakeCluster()
  const small = (size: number | undefined, digest?: Uint8Array) =>
    prepared(c, bucket, receivedBody(new GivenBody([Buffer.from('abc')]), size, digest), opId)
  await t.rejects(small(4), { code: 'BAD_REQUEST', message: /3 bytes where 4/ })
  await t.rejects(small(3, Buffer.alloc(32)), { code: 'CHECKSUM' })
  t.equal((await small(3, Buffer.from(sha256(Buffer.from('abc')), 'hex'))).size, 3)
  await t.rejects(prepared(c, bucket, givenBody(piecesOf(Buffer.alloc(50_000), 1000), 40_000), opId), {
    code: 'BAD_REQUEST',
    message: /more bytes/,
  })
  await t.rejects(prepared(c, bucket, givenBody(piecesOf(Buffer.alloc(50_000), 1000), 60_000), opId), {
    code: 'BAD_REQUEST',
    message: /50000 bytes/,
  })
  await t.rejects(
    prepared(
      c,
      bucket,
      {
        ...emptyBody,
        pieces: undefined,
        stream: piecesOf(Buffer.alloc(10), 1),
        size: limits.objectBytesMax + 1,
      },
      opId,
    ),
    { code: 'TOO_LARGE' },
  )
  const wrong = {
    ...givenBody(piecesOf(Buffer.alloc(2_000_000, 1), 65_536), undefined),
    sha256: () => Buffer.alloc(32),
  }
  await t.rejects(prepared(c, bucket, wrong, opId), { code: 'CHECKSUM' })
})

t.test('a source that fails', async t => {
  const { c } = fakeCluster()
  async function* broken() {
    yield Buffer.alloc(2_000_000)
    throw new Error('unplugged')
  }
  await t.rejects(prepared(c, bucket, givenBody(broken(), undefined), opId), /unplugged/)
  t.throws(() => givenBody(7 as never, undefined), { code: 'BAD_REQUEST' })
})

t.test('blocks without W owners fail the write before anything is minted', async t => {
  const { c, agents } = fakeCluster()
  agents.fault = ({ name }) => (name === 'putBlock' ? { kind: 'lost' } : undefined)
  await t.rejects(prepared(c, bucket, Buffer.alloc(9_000_000), opId), { code: 'UNAVAILABLE' })
  agents.fault = ({ name }) => (name === 'putBlock' ? { kind: 'refused', code: 'DISK_FULL' } : undefined)
  await t.rejects(prepared(c, bucket, Buffer.alloc(9_000_000), opId), { code: 'DISK_FULL' })
  await new Promise(setImmediate)
  t.equal(c.writeBudget.free, 4)
})

t.test('a fast sender is held back: no more blocks under way than there are places', async t => {
  const cluster = fakeCluster({ agents: 1, replicas: 1 })
  const waiting: (() => void)[] = []
  cluster.agents.gate = ({ name }) =>
    name === 'putBlock' ? new Promise<void>(resolve => waiting.push(resolve)) : undefined
  let read = 0
  async function* endless() {
    for (let i = 0; i < 12; i++) {
      read++
      yield Buffer.alloc(mebibyte, i)
    }
  }
  const body = prepared(cluster.c, testBucket(1, 1, 1), givenBody(endless(), undefined), opId)
  let done = false
  void body.then(() => {
    done = true
  })
  while (waiting.length < 4) await new Promise(setImmediate)
  await new Promise(setImmediate)
  t.equal(waiting.length, 4)
  t.ok(read <= 6, `${read} blocks were taken in`)
  while (!done) {
    waiting.shift()?.()
    await new Promise(setImmediate)
  }
  t.equal((await body).size, 12 * mebibyte)
})

t.test('progress is told', async t => {
  const { c } = fakeCluster()
  const told: number[] = []
  await prepared(
    c,
    bucket,
    givenBody(piecesOf(Buffer.alloc(30), 10), undefined, bytes => told.push(bytes)),
    opId,
  )
  await prepared(
    c,
    bucket,
    givenBody('text', undefined, bytes => told.push(bytes)),
    opId,
  )
  t.strictSame(told, [10, 10, 10, 4])
})
