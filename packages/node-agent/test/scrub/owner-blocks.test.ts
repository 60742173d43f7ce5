import { systemHasher, systemRandom } from '@torc/protocol/environment/system'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import t, { type Test } from 'tap'
import type { Agent } from '../../src/agent.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { fetched, firstEpoch, serverConnection, startedAgent, until } from '../support/agent-harness.js'
import { address } from '../support/key-requests.js'

interface Owner {
  readonly agent: Agent
  readonly disk: MemoryDisk
  readonly server: Exchange
}

/** Agents that own everything, know each other, and have the blocks. */
async function owners(t: Test, count: number, blocks: readonly Uint8Array[]): Promise<Owner[]> {
  const all: Owner[] = []
  for (let n = 0; n < count; n++) {
    const disk = new MemoryDisk()
    const join = all.map(({ agent }) => agent.address)
    const agent = await startedAgent(t, { data: disk, name: `agent-${n}`, join })
    all.push({ agent, disk, server: await serverConnection(t, agent) })
  }
  const epoch = firstEpoch(all.map(({ agent }) => agent.id))
  for (const { server } of all) {
    await server.request('putEpoch', { epoch })
    await until(async () => {
      const { head } = await server.request('gossip', { members: [], epoch: 0 })
      return head.members.filter(({ state }) => state === 'alive').length === count
    }, 'all members')
    for (const block of blocks) {
      const id = systemRandom.bytes(16)
      const head = { hash: systemHasher.sha256(block), size: block.length, key: 'key', opId: id }
      await server.request('putBlock', { ...address, ...head }, { body: block })
    }
  }
  return all
}

function pathOf(block: Uint8Array): string {
  const name = Buffer.from(systemHasher.sha256(block)).toString('hex')
  return `blocks/${name.slice(0, 2)}/${name}`
}

async function usageOf(server: Exchange) {
  const [answer] = await fetched(server, 'fetchUsage', {})
  if (answer === undefined) throw new Error('no answer')
  return answer.head
}

/** Asks for a pass and waits for its end. */
async function scrubbed(server: Exchange) {
  const { head } = await server.request('scrubBlocks', {})
  await until(async () => {
    const { scrub } = await usageOf(server)
    return (scrub?.pass ?? 0) >= head.waitFor && scrub?.walking === false
  }, 'the end of the pass')
  return await usageOf(server)
}

const blocks = [20_000, 70_000, 1 << 20].map(size => systemRandom.bytes(size))

t.test('an agent repairs its blocks from the other owners, whichever of them has one', async t => {
  const [first, second, third] = await owners(t, 3, blocks)
  if (first === undefined || second === undefined || third === undefined) throw new Error('no agents')
  const [small, middle, large] = blocks.map(pathOf)
  if (small === undefined || middle === undefined || large === undefined) throw new Error('no blocks')
  first.disk.damage(small, bytes => bytes.fill((bytes[7] ?? 0) ^ 1, 7, 8))
  first.disk.lose(large)
  // One of the others has lost the same block, the other one is damaged there: neither gives what it has not.
  second.disk.lose(large)
  third.disk.damage(small, bytes => bytes.subarray(0, 100))
  const usage = await scrubbed(first.server)
  t.match(usage.scrub, { asked: true, blocks: 3, bytes: 1_138_576, found: 2, repaired: 2 })
  t.match(usage, { blocksMissing: 0, blocksCorrupt: 0, blocksRepaired: 2 })
  t.match(usage.workers, [
    { name: 'scrub', progress: /^pass \d: done, 3 blocks checked, 2 damaged, 2 repaired$/ },
  ])
  for (const block of blocks) t.same(await first.disk.readFile(pathOf(block)), block)
  // The others may have noticed what they lack when they were asked for it; their own pass finds it at the latest.
  t.match(await scrubbed(second.server), { blocksMissing: 0, blocksRepaired: 1 })
  t.match(await scrubbed(third.server), { blocksCorrupt: 0, blocksRepaired: 1 })
  t.same(await second.disk.readFile(large), blocks[2])
  t.same(await third.disk.readFile(small), blocks[0])
})

t.test('the last copy stays as it is and is reported', async t => {
  const [first, second] = await owners(t, 2, blocks)
  if (first === undefined || second === undefined) throw new Error('no agents')
  const [small, middle] = blocks.map(pathOf)
  if (small === undefined || middle === undefined) throw new Error('no blocks')
  for (const { disk } of [first, second]) {
    disk.damage(small, bytes => bytes.subarray(1))
    disk.lose(middle)
  }
  const usage = await scrubbed(first.server)
  t.match(usage.scrub, { found: 2, repaired: 0 })
  t.match(usage, { blocksMissing: 1, blocksCorrupt: 1, blocksRepaired: 0 })
  t.equal(await first.disk.fileSize(small), 19_999, 'what is left of it is left')
  const block = blocks[1] ?? new Uint8Array(0)
  const id = systemRandom.bytes(16)
  const head = { hash: systemHasher.sha256(block), size: block.length, key: 'key', opId: id }
  await second.server.request('putBlock', { ...address, ...head }, { body: block })
  t.match((await scrubbed(first.server)).scrub, { found: 2, repaired: 1 })
  t.match(await usageOf(first.server), { blocksMissing: 0, blocksCorrupt: 1, blocksRepaired: 1 })
})

t.test('an agent alone, without a layout, checks what it has', async t => {
  const disk = new MemoryDisk()
  const server = await serverConnection(t, await startedAgent(t, { data: disk }))
  t.match((await scrubbed(server)).scrub, { blocks: 0, found: 0 })
})
