import { systemHasher, systemRandom } from '@torc/protocol/environment/system'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import t from 'tap'
import { fetched, firstEpoch, serverConnection, startedAgent, until } from '../support/agent-harness.js'
import { address, mint, soleAgent, written } from '../support/key-requests.js'

const { bucketId, ...addressed } = address
const block = systemRandom.bytes(20_000)
const hash = systemHasher.sha256(block)
/** Short, so that what is released goes while the test waits. */
const collection = { graceMs: 1, uploadMs: 3_600_000 }

async function stateOf(server: Exchange, key: string, opId: Uint8Array): Promise<string | undefined> {
  const request = { ...addressed, operations: [{ bucketId, key, opId }] }
  const [answer] = await fetched(server, 'fetchOperations', request)
  return answer?.head.known[0]
}

const blocksOf = async (server: Exchange): Promise<number | undefined> =>
  (await fetched(server, 'fetchUsage', {}))[0]?.head.blocks

t.test('an intent, the version in its place, and nothing once that is purged', async t => {
  const { server } = await soleAgent(t, { collection })
  const opId = systemRandom.bytes(16)
  t.equal(await stateOf(server, 'a', opId), 'none')
  const place = { ...address, key: 'a', opId }
  t.match((await server.request('placeIntent', place)).head, { fresh: true, expiresMs: 3_600_000 })
  t.match((await server.request('placeIntent', place)).head, { fresh: false })
  t.equal(await stateOf(server, 'a', opId), 'intent')
  t.equal(await stateOf(server, 'b', opId), 'none', 'of another key')
  await server.request('putBlock', { ...place, hash, size: block.length }, { body: block })
  const large = { ...written(block), opId, blocks: hash, blockSizes: [block.length] }
  const { context } = await mint(server, 'a', new Uint8Array(0), large)
  t.equal(await stateOf(server, 'a', opId), 'version')
  t.equal(await blocksOf(server), 1)
  await server.request('merge', { ...address, key: 'a', context, keep: [] })
  t.equal(await stateOf(server, 'a', opId), 'none')
  await until(async () => (await blocksOf(server)) === 0, 'the block is collected')
})

t.test('between two agents: one is asked and told by the other', async t => {
  const first = await startedAgent(t, { name: 'one', collection })
  const second = await startedAgent(t, { name: 'two', collection, join: [first.address] })
  const servers = await Promise.all([first, second].map(agent => serverConnection(t, agent)))
  for (const server of servers) await server.request('putEpoch', { epoch: firstEpoch([first.id, second.id]) })
  const [one, two] = servers as [Exchange, Exchange]
  const opId = systemRandom.bytes(16)
  const head = { ...address, key: 'a', opId }
  await one.request('placeIntent', head)
  for (const server of servers)
    await server.request('putBlock', { ...head, hash, size: block.length }, { body: block })
  const large = { ...written(block), opId, blocks: hash, blockSizes: [block.length] }
  const minted = await mint(one, 'a', new Uint8Array(0), large)
  // The second agent never had the version: the first one says that its blocks are needed.
  await two.request('releaseOperations', { time: 0, operations: [{ bucketId, key: 'a', opId }] })
  await until(async () => {
    const { workers = [] } = (await fetched(two, 'fetchUsage', {}))[0]?.head ?? {}
    return workers.some(({ name, progress }) => name === 'audit' && progress.startsWith('1 audits kept'))
  }, 'the audit asks the first agent')
  t.equal(await blocksOf(two), 1)
  await one.request('merge', { ...address, key: 'a', context: minted.context, keep: [] })
  for (const server of servers)
    await until(async () => (await blocksOf(server)) === 0, 'both have heard of it')
})

t.test('another layout, and another agent’s keys, are errors and never "none"', async t => {
  const { server } = await soleAgent(t)
  const operations = [{ bucketId, key: 'a', opId: systemRandom.bytes(16) }]
  await t.rejects(fetched(server, 'fetchOperations', { ...addressed, epoch: 7, operations }), {
    code: 'STALE_EPOCH',
  })
  const stranger = await startedAgent(t, { name: 'stranger' })
  const connection = await serverConnection(t, stranger)
  await t.rejects(fetched(connection, 'fetchOperations', { ...addressed, operations }), { code: 'NO_LAYOUT' })
  await connection.request('putEpoch', { epoch: firstEpoch(['another-agent']) })
  await t.rejects(fetched(connection, 'fetchOperations', { ...addressed, operations }), { code: 'NOT_OWNER' })
})
