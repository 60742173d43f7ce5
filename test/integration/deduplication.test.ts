import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Store } from '@torc/client'
import t from 'tap'
import { beforeNextLook } from '../harness/patience.js'
import { OperatedCluster, type OperatedNode } from '../harness/processes/operated-cluster.js'
import { ReplicaProbe } from '../harness/replicas/replica-probe.js'

const mebibyte = 1024 * 1024

const cluster = new OperatedCluster()
t.teardown(() => cluster.stop())
/** Each behind a proxy that counts. */
let agents: readonly OperatedNode[] = []
let server = ''
let store: Store

t.before(async () => {
  await cluster.init()
  server = (await cluster.server()).address
  agents = await Promise.all(
    ['a', 'b', 'c'].map(name => cluster.agent(name, { join: [server], proxied: true })),
  )
  t.match(await cluster.initLayout(server, 3), { code: 0 })
  store = await cluster.connect(server)
  t.teardown(() => store.close())
})

/** Path of a block's file on an agent. */
function fileOf(agent: OperatedNode, hash: string): string {
  return join(cluster.folder, agent.name, 'blocks', hash.slice(0, 2), hash)
}

/** Files of all blocks on all agents. */
function blockFiles(): number {
  const folders = agents.flatMap(({ name }) => {
    const blocks = join(cluster.folder, name, 'blocks')
    return readdirSync(blocks).map(folder => join(blocks, folder))
  })
  return folders.flatMap(folder => readdirSync(folder)).length
}

function bytesToAgents(): number {
  return agents.reduce((sum, { proxy }) => sum + (proxy?.counts.toTarget.bytes ?? 0), 0)
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`never: ${what}`)
    await beforeNextLook()
  }
}

const hashesOf = (body: Buffer): string[] =>
  Array.from({ length: Math.ceil(body.length / mebibyte) }, (_, i) =>
    sha256(body.subarray(i * mebibyte, (i + 1) * mebibyte)),
  )

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function isWhole(path: string, hash: string): boolean {
  return existsSync(path) && sha256(readFileSync(path)) === hash
}

t.test('a body that the cluster has is not sent to agents again', async t => {
  const body = randomBytes(16 * mebibyte)
  const file = join(cluster.folder, 'body')
  writeFileSync(file, body)
  await store.createBucket('box')
  await store.createBucket('other', { replicas: 1 })
  const before = bytesToAgents()
  t.match(await store.put('box', 'one', body), { deduplicatedBytes: 0 })
  await until('all replicas are there', () => blockFiles() === 3 * 16)
  const first = bytesToAgents() - before
  t.ok(first > 3 * body.length)

  const put = await cluster.torc(['put', 'box/two', file, '--json'], server)
  t.match(put.records(), [{ deduplicatedBytes: body.length, sentBytes: 0, size: body.length }])
  for (const [bucket, key] of [
    ['box', 'one'],
    ['other', 'three'],
  ] as const) {
    t.match(await store.put(bucket, key, body), { deduplicatedBytes: body.length })
  }
  const again = bytesToAgents() - before - first
  t.ok(again < first / 100, `${again} bytes for three PUTs after ${first} for the first`)
  t.equal(blockFiles(), 3 * 16, 'nothing new on disk')

  await store.delete('box', 'one')
  for (const [bucket, key] of [
    ['box', 'two'],
    ['other', 'three'],
  ] as const) {
    t.equal(sha256(await (await store.get(bucket, key)).bytes()), sha256(body), `${bucket}/${key}`)
  }
})

t.test('damaged and lost blocks: readers get the body, and the agent gets its blocks back', async t => {
  const body = randomBytes(24 * mebibyte)
  const hashes = hashesOf(body)
  await store.createBucket('damaged')
  await store.put('damaged', 'key', body)
  const everywhere = (): boolean =>
    hashes.every(hash => agents.every(agent => existsSync(fileOf(agent, hash))))
  await until('all replicas are there', everywhere)
  const probe = ReplicaProbe.ofProcesses(
    cluster.secretFile,
    agents.map(({ address }) => address),
  )
  t.teardown(() => probe.close())
  const [agent] = agents
  if (agent === undefined) throw new Error('no agent')
  // Of the blocks that are read from this agent first.
  const mine: string[] = []
  for (const hash of hashes) {
    const [first = ''] = await probe.ownersOfBlock(Buffer.from(hash, 'hex'), 3)
    if (first.startsWith(`${agent.name}-`)) mine.push(hash)
  }
  const [flipped = '', removed = '', cut = ''] = mine
  t.not(cut, '', 'there are enough of them')
  const damage = (): void => {
    const path = fileOf(agent, flipped)
    const bytes = readFileSync(path)
    bytes.writeUInt8(bytes.readUInt8(54_321) ^ 4, 54_321)
    writeFileSync(path, bytes)
    rmSync(fileOf(agent, removed))
    truncateSync(fileOf(agent, cut), 1000)
  }
  const whole = (...hashes: string[]): boolean => hashes.every(hash => isWhole(fileOf(agent, hash), hash))

  damage()
  t.equal(
    sha256(await (await store.get('damaged', 'key')).bytes()),
    sha256(body),
    'the reader notices nothing',
  )
  await until('the files are whole', () => whole(flipped, removed, cut))
  t.equal(sha256(await (await store.get('damaged', 'key')).bytes()), sha256(body))

  damage()
  t.match(await store.put('damaged', 'again', body), { deduplicatedBytes: body.length })
  await until('a writer brings what is not there', () => whole(removed, cut))
  t.equal(statSync(fileOf(agent, flipped)).size, mebibyte)
  t.equal(sha256(await (await store.get('damaged', 'again')).bytes()), sha256(body))
  await until('a reader finds the rest', () => whole(flipped))
})
