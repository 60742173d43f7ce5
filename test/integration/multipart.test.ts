import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Store } from '@torc/client'
import type { NamedPart, PartResult } from '@torc/protocol/store/multipart'
import t from 'tap'
import { aliveIn, OperatedCluster, type OperatedNode } from '../harness/processes/operated-cluster.js'

const mebibyte = 1024 * 1024

const cluster = new OperatedCluster()
t.teardown(() => cluster.stop())
const shared = join(cluster.folder, 'shared')
mkdirSync(shared)
/** Each behind a proxy that counts. */
let agents: readonly OperatedNode[] = []
let doomed: OperatedNode
let server = ''
let store: Store
/** A client that knows both servers and begins with the one that is killed. */
let wandering: Store

t.before(async () => {
  await cluster.init()
  const first = await cluster.server({ name: 'server-a', args: ['--shared-root', `r=${shared}`] })
  server = first.address
  doomed = await cluster.server({ name: 'server-b', join: [server] })
  agents = await Promise.all(
    ['a', 'b', 'c'].map(name => cluster.agent(name, { join: [server], proxied: true })),
  )
  t.match(await cluster.initLayout(server, 3), { code: 0 })
  await cluster.untilStatus(doomed.address, status => status.epoch === 1 && aliveIn(status) === 3)
  store = await cluster.connect(server)
  wandering = await cluster.connect(doomed.address, { servers: [doomed.address, server] })
  t.teardown(() => Promise.all([store.close(), wandering.close()]))
  await store.createBucket('box')
})

const sha256 = (...pieces: readonly Uint8Array[]): string => {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

const named = ({ partNumber, etag }: PartResult): NamedPart => ({ partNumber, etag })

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

/** Bytes of bodies that went to agents. */
function bodyBytes(): number {
  return agents.reduce((sum, { proxy }) => {
    const { dataBytes = 0, inlineBytes = 0 } = proxy?.counts.toTarget ?? {}
    return sum + dataBytes + inlineBytes
  }, 0)
}

/** Stable once no more than these were on their way. */
async function settledBodyBytes(): Promise<number> {
  let before = -1
  for (let now = bodyBytes(); now !== before; now = bodyBytes()) {
    before = now
    // Each call reaches agents behind what was sent to them before.
    for (let i = 0; i < 3; i++) await store.head('box', 'none').catch(() => undefined)
  }
  return before
}

t.test('parts in parallel and out of order, one replaced; the completion moves no body', async t => {
  const bodies = [5 * mebibyte + 1, 300, 2 * mebibyte, 17, 64_000].map(size => randomBytes(size))
  const { uploadId } = await store.createUpload('box', 'film', { contentType: 'film/x' })
  const results: PartResult[] = []
  const order = [4, 0, 3, 1, 2]
  await store.uploadPart('box', 'film', uploadId, 2, 'this one is replaced')
  await Promise.all(
    order.map(async i => {
      results[i] = await store.uploadPart('box', 'film', uploadId, i + 1, bodies[i] ?? '')
    }),
  )
  t.match(
    (await all(store.parts('box', 'film', uploadId))).map(({ partNumber, size }) => [partNumber, size]),
    bodies.map((body, i) => [i + 1, body.length]),
  )
  t.match(await all(store.uploads('box', { prefix: 'fi' })), [{ key: 'film', uploadId, state: 'open' }])

  const before = await settledBodyBytes()
  const done = await store.completeUpload('box', 'film', uploadId, results.map(named))
  t.equal((await settledBodyBytes()) - before, 0, 'bytes of bodies to agents')
  const whole = Buffer.concat(bodies)
  const digest = sha256(...bodies.map(body => Buffer.from(sha256(body), 'hex')))
  t.match(done, { size: whole.length, sha256: digest, etag: `${digest.slice(0, 32)}-5`, sentBytes: 0 })
  const object = await store.get('box', 'film')
  t.equal(sha256(await object.bytes()), sha256(whole))
  let border = 0
  for (const { length } of bodies) {
    border += length
    const range = [border - 10, Math.min(border + 9, whole.length - 1)] as const
    const read = await (await store.get('box', 'film', { range })).bytes()
    t.equal(sha256(read), sha256(whole.subarray(range[0], range[1] + 1)), `around byte ${border}`)
  }
  t.strictSame(await all(store.uploads('box')), [])
  await store.getShared('box', 'film', 'r:film')
  t.equal(sha256(readFileSync(join(shared, 'film'))), sha256(whole), 'the server checked it too')
  const got = await cluster.torc(['get', 'box/film', join(cluster.folder, 'film'), '--json'], server)
  t.equal(got.code, 0, got.stderr)
  t.equal(sha256(readFileSync(join(cluster.folder, 'film'))), sha256(whole))
})

t.test('copies, moves and restores keep the parts and the digest', async t => {
  const before = await store.head('box', 'film')
  await store.copy({ bucket: 'box', key: 'film' }, 'box', 'copy')
  t.equal((await cluster.torc(['mv', 'box/copy', 'box/moved'], server)).code, 0)
  await store.put('box', 'moved', 'overwritten')
  const [, old] = await all(store.history('box', 'moved'))
  t.ok(old !== undefined)
  await store.copy({ bucket: 'box', key: 'moved', versionId: old?.versionId }, 'box', 'moved')
  const after = await store.get('box', 'moved')
  t.match(after, { sha256: before.sha256, etag: before.etag })
  t.strictSame(after.parts, before.parts)
  t.equal((await after.bytes()).length, before.size)
})

t.test('bad input', async t => {
  const { uploadId } = await store.createUpload('box', 'bad')
  const one = named(await store.uploadPart('box', 'bad', uploadId, 1, 'one'))
  const two = named(await store.uploadPart('box', 'bad', uploadId, 2, 'two'))
  const complete = (parts: readonly NamedPart[], id = uploadId): Promise<unknown> =>
    store.completeUpload('box', 'bad', id, parts)
  const invalid = { code: 'INVALID_PART', hint: /ascending/ }
  await t.rejects(complete([{ ...one, etag: two.etag }]), invalid, 'another etag')
  await t.rejects(complete([one, { partNumber: 3, etag: one.etag }]), invalid, 'a part that is not there')
  await t.rejects(complete([two, one]), invalid, 'another order')
  await t.rejects(complete([]), invalid)
  const gone = { code: 'UPLOAD_NOT_FOUND', hint: /torc uploads/ }
  await t.rejects(complete([one], 'a'.repeat(26)), gone)
  await t.rejects(store.uploadPart('box', 'other', uploadId, 1, 'x'), gone)
  for (const number of [0, 10_001])
    await t.rejects(store.uploadPart('box', 'bad', uploadId, number, 'x'), { code: 'BAD_REQUEST' })
  t.match(await cluster.torc(['rb', 'box'], server), { code: 6 })
  await complete([one, two])
  await t.rejects(complete([one, two]), gone, 'completed twice')
  t.equal(await (await store.get('box', 'bad')).text(), 'onetwo')
})

t.test('an abort, and the commands', async t => {
  const { uploadId } = await store.createUpload('box', 'given up')
  await store.uploadPart('box', 'given up', uploadId, 1, randomBytes(100_000))
  const listed = await cluster.torc(['uploads', 'box', '--parts', '--json'], server)
  t.match(listed.records(), [{ key: 'given up', uploadId, state: 'open', parts: 1, bytes: 100_000 }])
  const aborted = await cluster.torc(['uploads', 'abort', 'box/given up', uploadId], server)
  t.equal(aborted.code, 0, aborted.stderr)
  t.strictSame(await all(store.uploads('box')), [])
  await t.rejects(store.uploadPart('box', 'given up', uploadId, 2, 'x'), { code: 'UPLOAD_NOT_FOUND' })
  t.match(await cluster.torc(['uploads', 'abort', 'box/given up', uploadId], server), { code: 3 })
})

t.test('a server that is killed between parts: another one goes on', async t => {
  const bodies = [randomBytes(mebibyte + 5), randomBytes(3 * mebibyte)]
  const { uploadId } = await wandering.createUpload('box', 'survivor')
  const parts = [named(await wandering.uploadPart('box', 'survivor', uploadId, 1, bodies[0] ?? ''))]
  // The second part is on its way when its server dies; the client sends it again to the other one.
  const second = wandering.uploadPart('box', 'survivor', uploadId, 2, bodies[1] ?? '')
  await doomed.process.end('SIGKILL')
  parts.push(named(await second))
  const opId = randomBytes(16)
  const done = await wandering.completeUpload('box', 'survivor', uploadId, parts, { opId })
  const again = await store.completeUpload('box', 'survivor', uploadId, parts, { opId, retry: true })
  t.equal(again.versionId, done.versionId, 'a retry by the operation finds it')
  t.equal((await all(store.history('box', 'survivor'))).length, 1)
  t.equal(sha256(await (await store.get('box', 'survivor')).bytes()), sha256(...bodies))
  t.strictSame(await all(store.uploads('box')), [])
})

t.test('agents that were all killed have the upload still', async t => {
  const { uploadId } = await store.createUpload('box', 'durable')
  const one = named(await store.uploadPart('box', 'durable', uploadId, 1, randomBytes(200_000)))
  t.ok(existsSync(join(cluster.folder, 'a', 'blocks')))
  for (const { process } of agents) await process.end('SIGKILL')
  const listens = agents.map(({ name }) => cluster.agent(name, { join: [server] }))
  await Promise.all(listens)
  await cluster.untilStatus(server, status => aliveIn(status) === 3)
  const two = named(await store.uploadPart('box', 'durable', uploadId, 2, 'two'))
  await store.completeUpload('box', 'durable', uploadId, [one, two])
  t.equal((await store.head('box', 'durable')).size, 200_003)
})

t.test('rb --force removes uploads under way', async t => {
  await store.createBucket('full')
  const { uploadId } = await store.createUpload('full', 'key')
  await store.uploadPart('full', 'key', uploadId, 1, 'x')
  t.match(await cluster.torc(['rb', 'full'], server), { code: 6, stderr: /uploads under way/ })
  t.match(await cluster.torc(['rb', 'full', '--force'], server), { code: 0 })
  await t.rejects(all(store.uploads('full')), { code: 'BUCKET_NOT_FOUND' })
})
