import { systemHasher, systemRandom } from '@torc/protocol/environment/system'
import t from 'tap'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { fetched, firstEpoch, serverConnection, startedAgent } from '../support/agent-harness.js'
import { address, soleAgent } from '../support/key-requests.js'

const { bucketId, ...addressed } = address

t.test('blocks that are here get a reference; the others are named', async t => {
  const disk = new MemoryDisk()
  const { server } = await soleAgent(t, { data: disk })
  const blocks = Array.from({ length: 70 }, () => systemRandom.bytes(1000))
  const hashes = blocks.map(block => systemHasher.sha256(block))
  for (const [i, block] of blocks.entries()) {
    if (i === 3 || i === 66) continue
    const opId = systemRandom.bytes(16)
    const head = { ...address, hash: hashes[i] ?? block, size: block.length, key: 'key', opId }
    await server.request('putBlock', head, { body: block })
  }
  const name = Buffer.from(hashes[5] ?? '').toString('hex')
  disk.lose(`blocks/${name.slice(0, 2)}/${name}`)
  const cut = Buffer.from(hashes[6] ?? '').toString('hex')
  disk.damage(`blocks/${cut.slice(0, 2)}/${cut}`, bytes => bytes.subarray(1))
  const opId = systemRandom.bytes(16)
  const refer = async (list: readonly Uint8Array[]) => {
    const request = { ...addressed, bucketId, key: 'key', opId, hashes: Buffer.concat(list) }
    return (await server.request('referBlocks', request)).head.missing
  }
  t.same(await refer(hashes), [3, 5, 6, 66])
  t.same(await refer(hashes), [3, 5, 6, 66], 'again: the same')
  t.same(await refer([]), [])
  const [usage] = await fetched(server, 'fetchUsage', {})
  t.match(usage?.head, { blocks: 68 })
})

t.test('foreign blocks and malformed lists are refused', async t => {
  const agent = await startedAgent(t)
  const server = await serverConnection(t, agent)
  const opId = systemRandom.bytes(16)
  const request = { ...addressed, bucketId, key: 'key', opId, hashes: Buffer.alloc(32) }
  await t.rejects(server.request('referBlocks', request), { code: 'NO_LAYOUT' })
  await server.request('putEpoch', { epoch: firstEpoch([agent.id, 'other-00000000'], 1) })
  await t.rejects(server.request('referBlocks', { ...request, epoch: 7 }), { code: 'STALE_EPOCH' })
  await t.rejects(server.request('referBlocks', { ...request, hashes: Buffer.alloc(33) }), {
    code: 'BAD_REQUEST',
  })
  const all = Buffer.concat(Array.from({ length: 16 }, (_, i) => Buffer.alloc(32, i * 16)))
  await t.rejects(server.request('referBlocks', { ...request, hashes: all }), { code: 'NOT_OWNER' })
})
