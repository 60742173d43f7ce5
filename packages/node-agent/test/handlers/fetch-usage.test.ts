import { systemHasher, systemRandom } from '@torc/protocol/environment/system'
import t from 'tap'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { fetched, until } from '../support/agent-harness.js'
import { address, mint, soleAgent } from '../support/key-requests.js'

t.test('actors, and the rows that requests cost', async t => {
  const { server } = await soleAgent(t)
  const usage = async () => {
    const [answer] = await fetched(server, 'fetchUsage', {})
    return answer?.head
  }
  t.match(await usage(), { keys: 0, rowsRead: 0, rowsWritten: 0 })
  const { version } = await mint(server, 'a', Buffer.from('x'))
  t.match(await usage(), { actors: [version.dot.actor], rowsRead: 0, rowsWritten: 1 })
  await mint(server, 'a', Buffer.from('x'))
  t.match(await usage(), { actors: [version.dot.actor], rowsRead: 2, rowsWritten: 3 })
  await fetched(server, 'fetchKey', { ...address, key: 'a', want: 'heads' })
  t.match(await usage(), { rowsRead: 3, rowsWritten: 3 }, 'a small GET reads one row')
})

t.test('bytes of bodies and blocks, and blocks by their states', async t => {
  const disk = new MemoryDisk()
  const { server } = await soleAgent(t, { data: disk })
  const usage = async () => (await fetched(server, 'fetchUsage', {}))[0]?.head
  const states = async (...hashes: Uint8Array[]) => {
    const head = { epoch: 1, stage: 3, time: 0, hashes: Buffer.concat(hashes) }
    return (await fetched(server, 'fetchBlockStates', head))[0]?.head.states
  }
  const blocks = Array.from({ length: 3 }, () => systemRandom.bytes(100_000))
  const hashes = blocks.map(block => systemHasher.sha256(block))
  const [first = new Uint8Array(), second = new Uint8Array(), third = new Uint8Array()] = hashes
  const opId = systemRandom.bytes(16)
  const headOf = (i: number) => ({
    ...{ ...address, key: 'large', opId, hash: hashes[i] ?? new Uint8Array(), size: 100_000 },
  })
  for (const i of [0, 1]) await server.request('putBlock', headOf(i), { body: blocks[i] ?? [] })
  await mint(server, 'small', Buffer.from('12345'))
  const size = 200_000
  const list = { blocks: Buffer.concat([first, second]), blockSizes: [100_000, 100_000], size }
  await mint(server, 'large', Buffer.from(''), { ...list, opId })
  t.match(await usage(), {
    ...{ bodyBytes: size + 5, inlineBytes: 5, blockBytes: size, storedBytes: size },
    ...{ blocksStored: 2, blocksUploading: 0, blocksReleasing: 0, blocksMissing: 0, blocksCorrupt: 0 },
  })

  let send = (): void => undefined
  const rest = new Promise<void>(resolve => {
    send = resolve
  })
  const body = (async function* () {
    yield blocks[2]?.subarray(0, 50_000) ?? new Uint8Array()
    await rest
    yield blocks[2]?.subarray(50_000) ?? new Uint8Array()
  })()
  const put = server.request('putBlock', headOf(2), { body: { stream: body } })
  await until(async () => (await usage())?.blocksUploading === 1, 'the upload begins')
  const name = Buffer.from(first).toString('hex')
  disk.damage(`blocks/${name.slice(0, 2)}/${name}`, bytes => bytes.fill(0, 5, 6))
  const read = fetched(server, 'fetchBlock', { epoch: 1, stage: 3, time: 0, hash: first })
  await t.rejects(read, { code: 'CORRUPT' })
  await until(async () => (await usage())?.blocksCorrupt === 1, 'the damage is noted')
  const strange = systemRandom.bytes(32)
  t.same(await states(first, second, third, strange), ['corrupt', 'stored', 'uploading', 'absent'])
  t.match(await usage(), { blocks: 2, blocksStored: 1, blocksUploading: 1, blocksCorrupt: 1 })
  send()
  await put
  t.same(await states(third), ['stored'])
  t.match(await usage(), { blocks: 3, blocksStored: 2, blocksUploading: 0, storedBytes: 300_000 })
  await t.rejects(states(first.subarray(1)), { code: 'BAD_REQUEST' })
})
