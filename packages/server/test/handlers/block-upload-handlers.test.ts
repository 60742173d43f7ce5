import { silentLog } from '@torc/protocol/environment/log'
import { TorcError } from '@torc/protocol/errors'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import { limits } from '@torc/protocol/limits'
import { parseAddress } from '@torc/protocol/transport/transport'
import t, { type Test } from 'tap'
import { startServer } from '../../src/start-server.js'
import { clientTo, environment, listen, type Running, secret, start, until } from '../fakes/running-server.js'

const { hasher, random } = environment

interface Uploader {
  readonly x: Exchange
  readonly name: { bucket: string; key: string; opId: Uint8Array }
}

interface Block {
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
  readonly size: number
}

function makeBlock(size: number): Block {
  const bytes = random.bytes(size)
  return { bytes, hash: hasher.sha256(bytes), size }
}

async function withBucket(t: Test): Promise<Running & Uploader> {
  const running = await start(t)
  const x = await running.client()
  await x.request('initLayout', { agents: 3, replicas: 3 })
  await x.request('putBucket', { bucket: 'b' })
  await x.request('putBucket', { bucket: 'other', cutting: 'content' })
  return { ...running, x, name: { bucket: 'b', key: 'k', opId: random.bytes(16) } }
}

async function offer({ x, name }: Uploader, blocks: readonly Block[], more = {}) {
  const hashes = Buffer.concat(blocks.map(({ hash }) => hash))
  const sizes = blocks.map(({ size }) => size)
  return (await x.request('offerBlocks', { ...name, hashes, sizes, ...more })).head
}

async function prove({ x, name }: Uploader, block: Block, proof: Uint8Array) {
  const head = { ...name, hashes: block.hash, sizes: [block.size], proofs: proof }
  return (await x.request('proveBlocks', head)).head
}

async function send({ x, name }: Uploader, { hash, size, bytes }: Block): Promise<Uint8Array> {
  return (await x.request('putObjectBlock', { ...name, hash, size }, { body: bytes })).head.receipt
}

interface Entry {
  readonly block: Block
  readonly receipt: Uint8Array
}

async function commit({ x, name }: Uploader, entries: readonly Entry[], more = {}) {
  const whole = hasher.sha256(...entries.map(({ block }) => block.bytes))
  const list = entries.map(({ block, receipt }) => {
    const size = Buffer.alloc(4)
    size.writeUInt32BE(block.size)
    return Buffer.concat([block.hash, size, receipt])
  })
  const size = entries.reduce((sum, { block }) => sum + block.size, 0)
  const head = { ...name, size, sha256: whole, ...more }
  return (await x.request('commitBlocks', head, { body: Buffer.concat(list) })).head
}

async function read({ x, name }: Uploader): Promise<Uint8Array> {
  const { body } = await x.request('getObject', { bucket: name.bucket, key: name.key })
  return (await body?.bytes(limits.objectBytesMax)) ?? new Uint8Array()
}

/** The same client with another operation. */
const anew = (up: Uploader, more = {}): Uploader => ({
  x: up.x,
  name: { ...up.name, opId: random.bytes(16), ...more },
})

t.test('blocks are offered, proved or sent, and committed', async t => {
  const up = await withBucket(t)
  const [a, b] = [makeBlock(300_000), makeBlock(70_000)]
  t.strictSame(await offer(up, []), { cutting: 'fixed', lacking: [], challenges: Buffer.alloc(0) })
  t.match(await offer(anew(up, { bucket: 'other' }), []), { cutting: 'content' })
  t.match(await offer(up, [a, b]), { lacking: [0, 1] })
  const entries = [
    { block: a, receipt: await send(up, a) },
    { block: b, receipt: await send(up, b) },
    { block: a, receipt: await send(up, a) },
  ]
  const stored = await commit(up, entries, { contentType: 'text/plain', metadata: [['x', 'y']] })
  t.match(stored, { size: 670_000, sentBytes: 370_000, contentType: 'text/plain' })
  t.same(await read(up), Buffer.concat([a.bytes, b.bytes, a.bytes]))
  t.match((await up.x.request('headObject', { bucket: 'b', key: 'k' })).head, { metadata: [['x', 'y']] })

  const second = anew(up, { key: 'second' })
  const c = makeBlock(80_000)
  const offered = await offer(second, [a, c, b])
  t.strictSame(offered.lacking, [1])
  const [forA, forB] = [offered.challenges.subarray(0, 32), offered.challenges.subarray(32)]
  const proofs = Buffer.concat([hasher.sha256(forA, a.bytes), hasher.sha256(forB, b.bytes)])
  const hashes = Buffer.concat([a.hash, b.hash])
  const proved = await up.x.request('proveBlocks', {
    ...second.name,
    ...{ hashes, sizes: [a.size, b.size], proofs },
  })
  t.strictSame(proved.head.lacking, [])
  const receipts = proved.head.receipts
  const answer = await commit(second, [
    { block: a, receipt: receipts.subarray(0, 16) },
    { block: c, receipt: await send(second, c) },
    { block: b, receipt: receipts.subarray(16) },
  ])
  t.match(answer, { sentBytes: 80_000, deduplicatedBytes: 370_000 })
  t.same(await read(second), Buffer.concat([a.bytes, c.bytes, b.bytes]))
})

t.test('who knows a hash and not the bytes gets no version with the block', async t => {
  const owner = await withBucket(t)
  const hidden = makeBlock(100_000)
  const mine = await send(owner, hidden)
  await commit(owner, [{ block: hidden, receipt: mine }])

  const thief = anew(owner, { key: 'stolen' })
  const { lacking, challenges } = await offer(thief, [hidden])
  t.strictSame(lacking, [], 'that it is there can be learnt, as of any store that shares blocks')
  for (const guess of [
    random.bytes(32),
    hidden.hash,
    challenges,
    hasher.sha256(challenges, hidden.hash),
    hasher.sha256(hidden.hash),
  ]) {
    t.strictSame(await prove(thief, hidden, guess), { lacking: [0], receipts: Buffer.alloc(0) })
  }
  // A proof that was right for another operation.
  const other = anew(owner)
  const right = hasher.sha256((await offer(other, [hidden])).challenges, hidden.bytes)
  t.strictSame((await prove(other, hidden, right)).lacking, [])
  t.strictSame((await prove(thief, hidden, right)).lacking, [0])
  // Other bytes under the hash.
  await t.rejects(send(thief, { ...hidden, bytes: random.bytes(hidden.size) }), { code: 'CHECKSUM' })

  const proved = (await prove(other, hidden, right)).receipts
  for (const receipt of [random.bytes(16), challenges.subarray(0, 16), mine, proved, Buffer.alloc(16)]) {
    await t.rejects(commit(thief, [{ block: hidden, receipt }]), { code: 'BAD_REQUEST', message: /receipt/ })
  }
  await t.rejects(owner.x.request('getObject', { bucket: 'b', key: 'stolen' }), { code: 'KEY_NOT_FOUND' })
  for (const changed of [{ key: 'k2' }, { bucket: 'other' }, { opId: random.bytes(16) }]) {
    const elsewhere = { x: owner.x, name: { ...owner.name, ...changed } }
    await t.rejects(commit(elsewhere, [{ block: hidden, receipt: mine }]), { code: 'BAD_REQUEST' })
  }
})

t.test('a size that is not the block’s has no proof', async t => {
  const up = await withBucket(t)
  const block = makeBlock(100_000)
  await commit(up, [{ block, receipt: await send(up, block) }])
  const liar = anew(up)
  const lie = { ...block, size: 4_000_000 }
  const { challenges } = await offer(liar, [lie])
  t.strictSame((await prove(liar, lie, hasher.sha256(challenges, block.bytes))).lacking, [0])
  await t.rejects(send(liar, lie), { code: 'BAD_REQUEST' })
})

t.test('a commit that was made before is found; one whose blocks are gone says which', async t => {
  const up = await withBucket(t)
  const blocks = [makeBlock(60_000), makeBlock(50_000)] as const
  const entries: Entry[] = []
  for (const block of blocks) entries.push({ block, receipt: await send(up, block) })
  const first = await commit(up, entries)
  const lose = (block: Block): void => {
    for (const { agent } of up.nodes) agent.blocks.delete(Buffer.from(block.hash).toString('hex'))
  }
  lose(blocks[1])
  const again = await commit(up, entries, { retry: true })
  t.equal(again.versionId, first.versionId, 'the blocks of a version that is there are not looked for')
  t.match(again, { sentBytes: 110_000, deduplicatedBytes: 0 })

  const next = anew(up, { key: 'next' })
  const receipts: Entry[] = []
  for (const block of blocks) receipts.push({ block, receipt: await send(next, block) })
  lose(blocks[1])
  await t.rejects(commit(next, receipts), { code: 'BLOCKS_MISSING', details: { missing: [1] } })
  await t.rejects(up.x.request('headObject', { bucket: 'b', key: 'next' }), { code: 'KEY_NOT_FOUND' })
  await send(next, blocks[1])
  t.match(await commit(next, receipts), { size: 110_000 }, 'the old receipt holds once the block is there')
})

t.test('another server goes on', async t => {
  const up = await withBucket(t)
  const blocks = [makeBlock(100_000), makeBlock(90_000)] as const
  const first: Entry = { block: blocks[0], receipt: await send(up, blocks[0]) }
  const server = await startServer({
    ...{ secret, transport: up.transport, listen, environment, log: silentLog },
    ...{ join: up.nodes.map(({ address }) => address), name: 'second', sharedRoots: [] },
  })
  const x = await clientTo(up.transport, parseAddress(server.address) ?? listen)
  t.teardown(async () => {
    x.destroy()
    await server.close()
  })
  await until('it sees the agents', async () => (await server.store.status()).healthy)
  const there: Uploader = { x, name: up.name }
  const second: Entry = { block: blocks[1], receipt: await send(there, blocks[1]) }
  t.match(await commit(there, [first, second]), { size: 190_000, sentBytes: 190_000 })
  t.same(await read(up), Buffer.concat(blocks.map(({ bytes }) => bytes)))
})

t.test('what is wrong is refused, early where it can be', async t => {
  const up = await withBucket(t)
  const block = makeBlock(100_000)
  await t.rejects(offer(up, [], { policy: 'nonsense' }), { code: 'BAD_REQUEST' })
  await t.rejects(offer(up, [], { context: 'nonsense' }), { code: 'BAD_REQUEST' })
  await t.rejects(offer(anew(up, { bucket: 'none' }), []), { code: 'BUCKET_NOT_FOUND' })
  await t.rejects(send(anew(up, { bucket: 'none' }), block), { code: 'BUCKET_NOT_FOUND' })
  const receipt = await send(up, block)
  const small = makeBlock(limits.storedInlineBytesMax)
  const smallReceipt = await send(up, small)
  await t.rejects(commit(up, [{ block: small, receipt: smallReceipt }]), { code: 'BAD_REQUEST' })
  await t.rejects(commit(up, [{ block, receipt }], { size: 99_999 }), { code: 'BAD_REQUEST' })
  await t.rejects(commit(up, [{ block, receipt }], { sha256: small.hash }), { code: 'CHECKSUM' })
  await t.rejects(commit(up, [{ block, receipt }], { policy: 'nonsense' }), { code: 'BAD_REQUEST' })
  const head = { ...up.name, size: 100_000, sha256: block.hash }
  await t.rejects(up.x.request('commitBlocks', head, { body: Buffer.alloc(51) }), { code: 'BAD_REQUEST' })
  const many = { ...up.name, hashes: Buffer.alloc(64), sizes: [1], proofs: Buffer.alloc(32) }
  await t.rejects(up.x.request('proveBlocks', many), { code: 'BAD_REQUEST' })
  await t.rejects(
    up.x.request('proveBlocks', { ...many, hashes: Buffer.alloc(32), proofs: Buffer.alloc(33) }),
    {
      code: 'BAD_REQUEST',
    },
  )
  const error = await commit(up, [{ block, receipt: Buffer.alloc(16) }]).catch(TorcError.from)
  t.match(error, { code: 'BAD_REQUEST', hint: /prove or send/ })
})
