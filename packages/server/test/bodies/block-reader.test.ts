import type { BlockReference, Version } from '@torc/cluster/state/version'
import t from 'tap'
import { fetchBlock } from '../../src/bodies/block-reader.js'
import { write } from '../../src/flows/put-flow.js'
import { type FakeCluster, fakeCluster, testBucket, writeOf } from '../fakes/fake-cluster.js'

const bucket = testBucket()
const mebibyte = 1024 * 1024

interface Stored {
  readonly version: Version
  readonly blocks: readonly BlockReference[]
  /** Owners of a block, in the order in which they are asked. */
  owners(block: BlockReference): string[]
  /** What an agent has of a block. */
  held(agent: string, block: BlockReference): Uint8Array | undefined
  damage(agent: string, block: BlockReference): void
  lose(agent: string, block: BlockReference): void
  read(block: BlockReference): Promise<Buffer>
}

async function stored(cluster: FakeCluster, count: number): Promise<Stored> {
  const body = Buffer.alloc(count * mebibyte).map((_, i) => i >>> 20)
  const { version } = await write(cluster.c, await writeOf(cluster.c, bucket, 'key', body))
  await settled()
  cluster.agents.sent.length = 0
  const layout = cluster.c.layouts.require()
  const nameOf = ({ hash }: BlockReference) => Buffer.from(hash).toString('hex')
  const blocksOf = (agent: string) => cluster.agent(cluster.ids.indexOf(agent)).blocks
  return {
    version,
    blocks: version.blocks ?? [],
    owners: ({ hash }) => [...layout.owners(layout.partitionOfBlock(hash), 3)],
    held: (agent, block) => blocksOf(agent).get(nameOf(block)),
    damage: (agent, block) => void blocksOf(agent).set(nameOf(block), Buffer.alloc(block.size, 255)),
    lose: (agent, block) => void blocksOf(agent).delete(nameOf(block)),
    async read(block) {
      const { opId } = version
      const source = { bucket, key: 'key', opId, timeoutMs: undefined, signal: undefined }
      return Buffer.concat((await fetchBlock(cluster.c, source, block)).map(({ bytes }) => bytes))
    },
  }
}

const settled = (): Promise<void> => new Promise(setImmediate)

t.test('a reader gives a damaged and a lost block back, and does not wait for it', async t => {
  const cluster = fakeCluster()
  const { blocks, owners, held, damage, lose, read, version } = await stored(cluster, 2)
  const [damaged, lost] = blocks
  if (damaged === undefined || lost === undefined) throw new Error('no blocks')
  const [a = '', b = ''] = [owners(damaged)[0], owners(lost)[0]]
  damage(a, damaged)
  lose(b, lost)
  const holds: (() => void)[] = []
  cluster.agents.gate = ({ name }) =>
    name === 'putBlock' ? new Promise<void>(resolve => holds.push(resolve)) : undefined
  for (const [i, block] of blocks.entries()) t.strictSame(await read(block), Buffer.alloc(mebibyte, i))
  t.equal(cluster.c.blockRepairs.size, 2, 'under way')
  t.strictSame(cluster.agents.sentTo('putBlock'), [a, b])
  t.match(cluster.agents.sent.find(({ name }) => name === 'putBlock')?.head, { opId: version.opId })
  for (const go of holds) go()
  await settled()
  t.equal(cluster.c.blockRepairs.size, 0)
  for (const [i, agent] of [a, b].entries())
    t.strictSame(Buffer.from(held(agent, blocks[i] ?? damaged) ?? []), Buffer.alloc(mebibyte, i))
  cluster.agents.sent.length = 0
  for (const block of blocks) await read(block)
  t.strictSame(cluster.agents.sentTo('putBlock'), [], 'once')
})

t.test('two owners of a block that are both damaged', async t => {
  const cluster = fakeCluster()
  const { blocks, owners, held, damage, lose, read } = await stored(cluster, 1)
  const [block] = blocks
  if (block === undefined) throw new Error('no block')
  const [a = '', b = '', last = ''] = owners(block)
  damage(a, block)
  lose(b, block)
  await read(block)
  await settled()
  for (const agent of [a, b]) t.equal(held(agent, block)?.length, mebibyte)
  for (const agent of [a, b]) damage(agent, block)
  damage(last, block)
  await t.rejects(read(block), { code: 'CORRUPT' }, 'nobody can give it')
  t.equal(cluster.c.blockRepairs.size, 0)
})

t.test('who is silent or refuses is given nothing', async t => {
  const cluster = fakeCluster()
  const { blocks, owners, read } = await stored(cluster, 1)
  const [block] = blocks
  if (block === undefined) throw new Error('no block')
  const [first] = owners(block)
  for (const fault of [
    { kind: 'lost' },
    { kind: 'lost', code: 'UNREACHABLE' },
    { kind: 'refused', code: 'OVERLOADED' },
  ] as const) {
    cluster.agents.fault = ({ agent, name }) => (agent === first && name === 'fetchBlock' ? fault : undefined)
    t.equal((await read(block)).length, mebibyte)
    t.equal(cluster.c.blockRepairs.size, 0, fault.kind)
  }
})

t.test('more damage than the queue takes, and a repair that fails', async t => {
  const cluster = fakeCluster()
  const { blocks, owners, held, lose, read } = await stored(cluster, 8)
  const said: string[] = []
  const log = {
    ...cluster.c.log,
    ...{
      info: (_: object, text: string) => said.push(text),
      debug: (_: object, text: string) => said.push(text),
    },
  }
  Object.assign(cluster.c, { log })
  for (const block of blocks) lose(owners(block)[0] ?? '', block)
  const holds: (() => void)[] = []
  cluster.agents.gate = ({ name }) =>
    name === 'putBlock' ? new Promise<void>(resolve => holds.push(resolve)) : undefined
  let refused = 1
  cluster.agents.fault = ({ name }) =>
    name === 'putBlock' && refused-- > 0 ? { kind: 'refused', code: 'DISK_FULL' } : undefined
  for (const block of blocks) await read(block)
  t.equal(cluster.c.blockRepairs.size, 4, 'two under way, two wait')
  t.equal(said.filter(text => /too many/.test(text)).length, 4)
  while (cluster.c.blockRepairs.size > 0) {
    holds.shift()?.()
    await settled()
  }
  const whole = (): number => blocks.filter(block => held(owners(block)[0] ?? '', block) !== undefined).length
  t.equal(whole(), 3, 'one could not be repaired')
  t.equal(said.filter(text => text === 'repaired a block').length, 3)
  cluster.agents.gate = undefined
  for (const block of blocks) {
    await read(block)
    await settled()
  }
  t.equal(whole(), 8, 'later readers repair the rest')
})
