import { systemHasher, systemRandom } from '@torc/protocol/environment/system'
import t from 'tap'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { fetched, firstEpoch, serverConnection, startedAgent, until } from '../support/agent-harness.js'
import { address, soleAgent } from '../support/key-requests.js'

const { bucketId: _, ...addressed } = address
const nothing = new Uint8Array()

t.test('a proof is the digest of challenge and block; who does not have the block has none', async t => {
  const disk = new MemoryDisk()
  const { server } = await soleAgent(t, { data: disk })
  const blocks = [1, 2, 3, 4, 5].map(() => systemRandom.bytes(1000))
  const hashes = blocks.map(block => systemHasher.sha256(block))
  for (const [i, block] of blocks.entries()) {
    if (i === 1) continue
    const opId = systemRandom.bytes(16)
    const head = { ...address, hash: hashes[i] ?? block, size: block.length, key: 'key', opId }
    await server.request('putBlock', head, { body: block })
  }
  const pathOf = (i: number): string => {
    const name = Buffer.from(hashes[i] ?? '').toString('hex')
    return `blocks/${name.slice(0, 2)}/${name}`
  }
  disk.lose(pathOf(2))
  // The size stays: only who reads the block notices.
  disk.damage(pathOf(3), bytes => bytes.fill(bytes[0] === 1 ? 2 : 1, 0, 1))
  const challenges = blocks.map(() => systemRandom.bytes(32))
  const head = {
    ...addressed,
    hashes: Buffer.concat(hashes),
    sizes: blocks.map(({ length }) => length),
    challenges: Buffer.concat(challenges),
  }
  const [unchecked] = await fetched(server, 'fetchBlockProof', head)
  t.same(unchecked?.head.missing, [1, 2], 'a block that is damaged gives the proof of what it is')
  const [answer] = await fetched(server, 'fetchBlockProof', { ...head, check: true })
  t.same(answer?.head.missing, [1, 2, 3])
  const proof = (i: number) => systemHasher.sha256(challenges[i] ?? nothing, blocks[i] ?? nothing)
  t.same(answer?.head.proofs, Buffer.concat([proof(0), proof(4)]))
  const [other] = await fetched(server, 'fetchBlockProof', { ...head, sizes: [1000, 1000, 1000, 1000, 999] })
  t.same(other?.head.missing, [1, 2, 4], 'another size is another block')
  await until(async () => {
    const [usage] = await fetched(server, 'fetchUsage', {})
    return usage?.head.blocksCorrupt === 1 && usage.head.blocksMissing === 1
  }, 'the damage was noticed')
})

t.test('foreign blocks and malformed requests are refused', async t => {
  const agent = await startedAgent(t)
  const server = await serverConnection(t, agent)
  await server.request('putEpoch', { epoch: firstEpoch([agent.id, 'other-00000000'], 1) })
  const one = { ...addressed, hashes: Buffer.alloc(32), sizes: [1], challenges: Buffer.alloc(32) }
  for (const wrong of [
    { hashes: Buffer.alloc(31) },
    { sizes: [] },
    { sizes: [0] },
    { challenges: Buffer.alloc(64) },
    { challenges: Buffer.alloc(33) },
  ]) {
    await t.rejects(fetched(server, 'fetchBlockProof', { ...one, ...wrong }), { code: 'BAD_REQUEST' })
  }
  await t.rejects(fetched(server, 'fetchBlockProof', { ...one, epoch: 7 }), { code: 'STALE_EPOCH' })
  const hashes = Buffer.concat(Array.from({ length: 16 }, (_, i) => Buffer.alloc(32, i * 16)))
  const many = { ...addressed, hashes, sizes: Array(16).fill(1), challenges: hashes }
  await t.rejects(fetched(server, 'fetchBlockProof', many), { code: 'NOT_OWNER' })
})
