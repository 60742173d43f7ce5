import { decodeContext } from '@torc/cluster/clocks/causal-context'
import { decodeEpoch } from '@torc/cluster/ring/epoch'
import { blockPartition, keyPartition } from '@torc/cluster/ring/partition'
import { decodeVersion } from '@torc/cluster/state/version-codec'
import { systemEnvironment, systemHasher, systemRandom } from '@torc/protocol/environment/system'
import { connectExchange } from '@torc/protocol/exchange/endpoint'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import { tcpTransport } from '@torc/protocol/transport/tcp'
import { formatAddress } from '@torc/protocol/transport/transport'
import t from 'tap'
import { MemoryDisk } from '../src/disk/memory-disk.js'
import {
  bucketId,
  clusterId,
  fetched,
  firstEpoch,
  secret,
  serverConnection,
  startedAgent,
  until,
} from './support/agent-harness.js'
import { temporaryFolder } from './support/temporary-folder.js'

const address = { epoch: 1, stage: 3, time: 0, bucketId }

function mintHead(key: string, body: Uint8Array) {
  const sha256 = systemHasher.sha256(body)
  const written = { size: body.length, sha256, etag: 'e-t', contentType: 'text/plain', metadata: [] }
  return { ...address, key, opId: systemRandom.bytes(16), kind: 'object' as const, ...written }
}

async function mint(exchange: Exchange, key: string, body: Uint8Array) {
  const { head } = await exchange.request('mint', mintHead(key, body), { body })
  return { ...head, version: decodeVersion(head.record) }
}

t.test('a layout, a version, a block, and all of it again after a restart', async t => {
  const data = temporaryFolder(t)
  const first = await startedAgent(t, { data })
  const server = await serverConnection(t, first)
  await t.rejects(mint(server, 'a', Buffer.from('x')), { code: 'NO_LAYOUT' })
  const epoch = firstEpoch([first.id])
  const stored = await server.request('putEpoch', { epoch })
  t.same(stored.head.epoch, Buffer.from(epoch))

  const body = Buffer.from('hello')
  const minted = await mint(server, 'dir/a', body)
  t.match(minted.version, { size: 5, kind: 'object', seq: 1, after: 0 })
  t.same(minted.siblings, [])
  t.equal(decodeContext(minted.context).vector.get(minted.version.dot.actor), minted.version.dot.counter)

  const block = systemRandom.bytes(1024 * 1024)
  const hash = systemHasher.sha256(block)
  const blockHead = {
    epoch: 1,
    stage: 3,
    time: 0,
    hash,
    size: block.length,
    bucketId,
    key: 'key',
    opId: systemRandom.bytes(16),
  }
  t.equal((await server.request('putBlock', blockHead, { body: block })).head.had, false)
  t.equal((await server.request('putBlock', blockHead, { body: block })).head.had, true)
  await first.close()
  await first.closed

  const second = await startedAgent(t, { data, name: 'other' })
  t.equal(second.id, first.id)
  const again = await serverConnection(t, second)
  const [found] = await fetched(again, 'fetchKey', { ...address, key: 'dir/a', want: 'heads' })
  t.same(await found?.body?.bytes(100), body)
  t.same(
    found?.head.heads?.map(record => decodeVersion(record).id),
    [minted.version.id],
  )
  const [given] = await fetched(again, 'fetchBlock', { epoch: 1, stage: 3, time: 0, hash })
  t.same(await given?.body?.bytes(1 << 20), Buffer.from(block))
  const [usage] = await fetched(again, 'fetchUsage', {})
  t.match(usage?.head, { keys: 1, versions: 1, blocks: 1 })
  t.ok((usage?.head.usedBytes ?? 0) > block.length)
  const [layout] = await fetched(again, 'fetchEpoch', {})
  t.equal(decodeEpoch(layout?.head.epoch ?? Buffer.from('')).number, 1)
})

t.test('agents that know one address find each other, and a layout reaches them all', async t => {
  const first = await startedAgent(t, { name: 'a' })
  const second = await startedAgent(t, { name: 'b', join: [first.address] })
  const third = await startedAgent(t, { name: 'c', join: [second.address] })
  const server = await serverConnection(t, first)
  const alive = async (): Promise<string[]> => {
    const { head } = await server.request('gossip', { members: [], epoch: 0 })
    return head.members.filter(member => member.state === 'alive').map(member => member.id)
  }
  await until(async () => (await alive()).length === 3, 'three members')
  await server.request('putEpoch', { epoch: firstEpoch([first.id, second.id, third.id]) })
  const other = await serverConnection(t, third)
  await until(async () => {
    const [layout] = await fetched(other, 'fetchEpoch', {})
    return layout?.head.epoch !== undefined
  }, 'the layout at the third agent')
  await second.close()
  await until(async () => (await alive()).length === 2, 'the one that left')
})

t.test('requests of another layout, to another owner, or before it are refused', async t => {
  const agent = await startedAgent(t)
  const server = await serverConnection(t, agent)
  await server.request('putEpoch', { epoch: firstEpoch([agent.id, 'other-00000000'], 1) })
  const body = Buffer.from('x')
  await t.rejects(server.request('mint', { ...mintHead('a', body), epoch: 2 }, { body }), {
    code: 'STALE_EPOCH',
  })
  await t.rejects(server.request('mint', { ...mintHead('a', body), epoch: 0 }, { body }), {
    code: 'STALE_EPOCH',
  })
  const table = decodeEpoch(firstEpoch([agent.id, 'other-00000000'], 1)).table
  const owned = (partition: number): boolean => table.rows[partition]?.[0] === agent.id
  const keys = Array.from({ length: 200 }, (_, i) => `key-${i}`)
  const foreign = keys.find(key => !owned(keyPartition(systemHasher, bucketId, key, 16))) ?? ''
  await t.rejects(mint(server, foreign, body), { code: 'NOT_OWNER' })
  await t.rejects(fetched(server, 'fetchKey', { ...address, key: foreign, want: 'clock' }), {
    code: 'NOT_OWNER',
  })
  const hash = keys
    .map(key => systemHasher.sha256(Buffer.from(key)))
    .find(one => !owned(blockPartition(one, 16)))
  await t.rejects(fetched(server, 'fetchBlock', { epoch: 1, stage: 3, time: 0, hash: hash ?? body }), {
    code: 'NOT_OWNER',
  })
})

t.test('a layout is written once', async t => {
  const agent = await startedAgent(t)
  const server = await serverConnection(t, agent)
  const epoch = firstEpoch([agent.id])
  await Promise.all([server.request('putEpoch', { epoch }), server.request('putEpoch', { epoch })])
  await t.rejects(server.request('putEpoch', { epoch: firstEpoch([agent.id, 'x-00000000']) }), {
    code: 'CONFLICT',
  })
  await t.rejects(server.request('putEpoch', { epoch: Buffer.from('nonsense') }), { code: 'BAD_REQUEST' })
})

t.test('a full disk refuses writes and keeps serving reads', async t => {
  const disk = new MemoryDisk()
  const agent = await startedAgent(t, { data: disk })
  const server = await serverConnection(t, agent)
  await server.request('putEpoch', { epoch: firstEpoch([agent.id]) })
  const body = Buffer.alloc(16_000, 1)
  await mint(server, 'before', body)
  disk.setFreeBytes(0)
  let refused = 0
  for (let i = 0; i < 5; i++) {
    await mint(server, `full-${i}`, body).catch((error: { code: string }) => {
      t.equal(error.code, 'DISK_FULL')
      refused++
    })
  }
  t.ok(refused > 0)
  const block = systemRandom.bytes(100_000)
  const hash = systemHasher.sha256(block)
  const blockHead = {
    epoch: 1,
    stage: 3,
    time: 0,
    hash,
    size: block.length,
    bucketId,
    key: 'key',
    opId: systemRandom.bytes(16),
  }
  await t.rejects(server.request('putBlock', blockHead, { body: block }), { code: 'DISK_FULL' })
  const [found] = await fetched(server, 'fetchKey', { ...address, key: 'before', want: 'heads' })
  t.same(await found?.body?.bytes(20_000), body)
  disk.setFreeBytes(Number.POSITIVE_INFINITY)
  await mint(server, 'after', body)
  t.equal((await server.request('putBlock', blockHead, { body: block })).head.had, false)
})

t.test('an agent whose disk is full starts and serves reads', async t => {
  const disk = new MemoryDisk()
  const agent = await startedAgent(t, { data: disk })
  const server = await serverConnection(t, agent)
  await server.request('putEpoch', { epoch: firstEpoch([agent.id]) })
  const body = Buffer.from('before')
  await mint(server, 'before', body)
  await agent.close()
  disk.setFreeBytes(0)
  const again = await serverConnection(t, await startedAgent(t, { data: disk }))
  const [found] = await fetched(again, 'fetchKey', { ...address, key: 'before', want: 'heads' })
  t.same(await found?.body?.bytes(100), body)
  await t.rejects(mint(again, 'large', Buffer.alloc(16_000)), { code: 'DISK_FULL' })
})

t.test('an agent that cannot start says why and gives everything back', async t => {
  const data = temporaryFolder(t)
  const first = await startedAgent(t, { data })
  await t.rejects(startedAgent(t, { data }), {
    code: 'DATA_DIRECTORY',
    message: new RegExp(`process ${process.pid}`),
  })
  const other = temporaryFolder(t)
  await t.rejects(startedAgent(t, { data: other, listen: first.address }), { code: 'CONFIG' })
  const wildcard = { host: '0.0.0.0', port: 0 }
  await t.rejects(startedAgent(t, { data: other, listen: wildcard }), { code: 'CONFIG', hint: /--advertise/ })
  await first.close()
  await startedAgent(t, { data: other })
  await startedAgent(t, { data })
})

t.test('closing twice is closing once', async t => {
  const agent = await startedAgent(t)
  await Promise.all([agent.close(), agent.close(), agent.closed])
})

t.test('a copy of a running agent is refused and ends; one that moved is taken in', async t => {
  const first = await startedAgent(t, { name: 'a' })
  const disk = new MemoryDisk()
  const second = await startedAgent(t, { data: disk, name: 'b', join: [first.address] })
  const server = await serverConnection(t, first)
  const addressOf = async (id: string): Promise<string | undefined> => {
    const { head } = await server.request('gossip', { members: [], epoch: 0 })
    return head.members.find(member => member.id === id && member.state === 'alive')?.address
  }
  await until(async () => (await addressOf(second.id)) !== undefined, 'the second agent')
  const namesake = await startedAgent(t, { name: 'b', join: [first.address] })
  t.match(await namesake.closed, { code: 'CONFLICT', message: new RegExp(formatAddress(second.address)) })
  t.equal(await addressOf(namesake.id), undefined)
  await second.close()
  t.equal(await second.closed, undefined)
  const moved = await startedAgent(t, { data: disk, name: 'b', join: [first.address] })
  t.equal(moved.id, second.id)
  await until(
    async () => (await addressOf(moved.id)) === formatAddress(moved.address),
    'it at its new address',
  )
})

t.test('clients and wrong secrets are turned away', async t => {
  const agent = await startedAgent(t)
  const connect = (role: 'client' | 'server', key: Uint8Array, id = clusterId) =>
    connectExchange(tcpTransport(), agent.address, {
      identity: { role, id: 'x-00000000', name: 'x', address: '', clusterId: id, secret: key },
      environment: systemEnvironment,
    })
  await t.rejects(connect('client', secret), { code: 'DENIED' })
  await t.rejects(connect('server', new Uint8Array(32)), { code: 'DENIED' })
  await t.rejects(connect('server', secret, 'f'.repeat(32)), { code: 'DENIED' })
})
