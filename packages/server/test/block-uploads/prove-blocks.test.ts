import t from 'tap'
import { type ProvedBlock, proveBlocks } from '../../src/block-uploads/prove-blocks.js'
import type { BlockUse } from '../../src/bodies/block-owners.js'
import { type FakeCluster, fakeCluster, testBucket } from '../fakes/fake-cluster.js'

const use: BlockUse = {
  bucket: testBucket(),
  key: 'key',
  opId: Buffer.alloc(16, 1),
  timeoutMs: undefined,
  signal: undefined,
}
const challenge = Buffer.alloc(32, 7)

/** A block that the agents of these numbers have, and its right proof. */
function proved({ c, agent }: FakeCluster, fill: string, ...agents: number[]): ProvedBlock {
  const bytes = Buffer.alloc(1000, fill)
  const hash = c.environment.hasher.sha256(bytes)
  for (const index of agents) agent(index).blocks.set(Buffer.from(hash).toString('hex'), bytes)
  return { hash, size: bytes.length, challenge, proof: c.environment.hasher.sha256(challenge, bytes) }
}

/** The owner that is asked first. */
function firstOwner({ c }: FakeCluster, { hash }: ProvedBlock): string {
  const layout = c.layouts.require()
  return layout.owners(layout.partitionOfBlock(hash), 3)[0] ?? ''
}

t.test('one owner is asked; a proof is right or it is not', async t => {
  const cluster = fakeCluster()
  const blocks = ['a', 'b', 'c'].map(fill => proved(cluster, fill, 0, 1, 2))
  const [a, b, c] = blocks as [ProvedBlock, ProvedBlock, ProvedBlock]
  t.strictSame(await proveBlocks(cluster.c, use, blocks), [true, true, true])
  const asked = cluster.agents.sent.map(({ head }) => (head as { sizes: number[] }).sizes.length)
  t.equal(
    asked.reduce((sum, count) => sum + count),
    3,
  )
  const guesses = [
    { ...a, proof: a.hash },
    { ...b, proof: cluster.c.environment.hasher.sha256(b.hash) },
    { ...c, proof: Buffer.alloc(32) },
  ]
  t.strictSame(await proveBlocks(cluster.c, use, guesses), [false, false, false])
  const last = cluster.agents.sent.slice(-asked.length)
  t.ok(last.every(({ head }) => (head as { check?: boolean }).check === true))
  t.equal(cluster.agents.sent.length, 3 * asked.length, 'the copies are sound: nobody else is asked')
  t.strictSame(await proveBlocks(cluster.c, use, [{ ...a, size: 999 }, b]), [false, true])
  t.strictSame(await proveBlocks(cluster.c, use, []), [])
})

t.test('an owner that lacks the block, has it damaged or can not be asked: the next one is', async t => {
  const cluster = fakeCluster()
  const block = proved(cluster, 'a', 0, 1, 2)
  const name = Buffer.from(block.hash).toString('hex')
  const first = firstOwner(cluster, block)
  const index = Number(first.replace('agent-', ''))
  const right = async (): Promise<boolean | undefined> => (await proveBlocks(cluster.c, use, [block]))[0]
  cluster.agent(index).blocks.set(name, Buffer.alloc(1000, 'x'))
  t.equal(await right(), true, 'damaged')
  cluster.agent(index).blocks.delete(name)
  t.equal(await right(), true, 'lost')
  cluster.agents.fault = ({ agent }) =>
    agent === first ? { kind: 'refused', code: 'UNSUPPORTED' } : undefined
  t.equal(await right(), true, 'it does not know the question')
  cluster.agents.fault = ({ agent }) => (agent === first ? { kind: 'lost' } : undefined)
  t.equal(await right(), true, 'silent')
  cluster.agents.fault = undefined
  for (const other of [0, 1, 2]) cluster.agent(other).blocks.delete(name)
  t.equal(await right(), false, 'nobody has it')
  cluster.agents.fault = () => ({ kind: 'refused', code: 'STALE_EPOCH' })
  await t.rejects(right(), { code: 'STALE_EPOCH' })
})

t.test('a caller that gave up', async t => {
  const cluster = fakeCluster()
  const block = proved(cluster, 'a', 0, 1, 2)
  await t.rejects(proveBlocks(cluster.c, { ...use, signal: AbortSignal.abort() }, [block]), {
    code: 'CANCELLED',
  })
})
