import { systemHasher, systemRandom } from '@torc/protocol/environment/system'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import t from 'tap'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { fetched } from '../support/agent-harness.js'
import { address, soleAgent } from '../support/key-requests.js'

function blockHead(block: Uint8Array) {
  const opId = systemRandom.bytes(16)
  return { ...address, hash: systemHasher.sha256(block), size: block.length, key: 'key', opId }
}

async function read(server: Exchange, hash: Uint8Array): Promise<Uint8Array | undefined> {
  const [answer] = await fetched(server, 'fetchBlock', { epoch: 1, stage: 3, time: 0, hash })
  return answer?.body?.bytes(8 * 1024 * 1024)
}

t.test('blocks of every size come back', async t => {
  const { server } = await soleAgent(t)
  for (const size of [1, 1000, 65_536, 65_537, 1 << 20, 4 << 20]) {
    const block = systemRandom.bytes(size)
    const head = blockHead(block)
    t.equal((await server.request('putBlock', head, { body: block })).head.had, false)
    t.same(await read(server, head.hash), Buffer.from(block))
  }
})

t.test('many at once, equal ones among them', async t => {
  const { server } = await soleAgent(t)
  const blocks = Array.from({ length: 20 }, () => systemRandom.bytes(200_000))
  const puts = [...blocks, ...blocks].map(block =>
    server.request('putBlock', blockHead(block), { body: block }),
  )
  const had = (await Promise.all(puts)).map(({ head }) => head.had)
  t.equal(had.filter(Boolean).length, 20, 'each is stored once')
  const [usage] = await fetched(server, 'fetchUsage', {})
  t.match(usage?.head, { blocks: 20 })
  for (const block of blocks) t.same(await read(server, systemHasher.sha256(block)), Buffer.from(block))
})

t.test('bytes that are not what the hash says are refused', async t => {
  const disk = new MemoryDisk()
  const { server } = await soleAgent(t, { data: disk })
  const block = systemRandom.bytes(100_000)
  const head = blockHead(block)
  const other = systemRandom.bytes(100_000)
  await t.rejects(server.request('putBlock', head, { body: other }), { code: 'CHECKSUM' })
  await t.rejects(server.request('putBlock', head, { body: block.subarray(1) }), { code: 'CHECKSUM' })
  await t.rejects(server.request('putBlock', { ...head, size: 99_999 }, { body: block }), {
    code: 'CHECKSUM',
  })
  await t.rejects(read(server, head.hash), { code: 'UNAVAILABLE' })
  t.same(await disk.list(`blocks/${Buffer.from(head.hash).toString('hex').slice(0, 2)}`), [])
  await server.request('putBlock', head, { body: block })
  t.same(await read(server, head.hash), Buffer.from(block))
})

t.test('a damaged or lost block is not passed on, and the next writer heals it', async t => {
  const disk = new MemoryDisk()
  const { server } = await soleAgent(t, { data: disk })
  const block = systemRandom.bytes(100_000)
  const head = blockHead(block)
  const name = Buffer.from(head.hash).toString('hex')
  const path = `blocks/${name.slice(0, 2)}/${name}`
  await server.request('putBlock', head, { body: block })
  disk.damage(path, bytes => bytes.fill(0, 5, 6))
  await t.rejects(read(server, head.hash), { code: 'CORRUPT' })
  t.equal((await server.request('putBlock', head, { body: block })).head.had, false)
  t.same(await read(server, head.hash), Buffer.from(block))
  disk.lose(path)
  await t.rejects(read(server, head.hash), { code: 'CORRUPT' })
  await server.request('putBlock', head, { body: block })
  t.same(await read(server, head.hash), Buffer.from(block))
  const [usage] = await fetched(server, 'fetchUsage', {})
  t.match(usage?.head, { blocks: 1 })
})
