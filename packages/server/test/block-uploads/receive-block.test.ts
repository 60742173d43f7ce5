import t from 'tap'
import { receiveBlock } from '../../src/block-uploads/receive-block.js'
import { BlockClaim } from '../../src/bodies/block-claim.js'
import type { BlockUse } from '../../src/bodies/block-owners.js'
import { GivenBody } from '../fakes/fake-agents.js'
import { type FakeCluster, fakeCluster, testBucket } from '../fakes/fake-cluster.js'

const use: BlockUse = {
  bucket: testBucket(),
  key: 'key',
  opId: Buffer.alloc(16, 1),
  timeoutMs: undefined,
  signal: undefined,
}
const bytes = Buffer.alloc(100_000, 'block')
const body = () => new GivenBody([bytes.subarray(0, 7), bytes.subarray(7)])

function blockOf({ c }: FakeCluster) {
  return { hash: c.environment.hasher.sha256(bytes), size: bytes.length }
}

async function placesAreBack(t: { equal(a: number, b: number): boolean }, { c }: FakeCluster): Promise<void> {
  // What went on behind the answer ends in a few turns.
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  t.equal(c.writeBudget.free, 4)
  t.equal(c.arrivalBudget.free, 4)
}

t.test('a block goes to its owners; one that they have is noticed', async t => {
  const cluster = fakeCluster()
  t.strictSame(await receiveBlock(cluster.c, use, new BlockClaim(cluster.c, use), blockOf(cluster), body()), {
    had: false,
  })
  t.equal(cluster.agent(0).blocks.size + cluster.agent(1).blocks.size + cluster.agent(2).blocks.size, 3)
  t.strictSame(await receiveBlock(cluster.c, use, new BlockClaim(cluster.c, use), blockOf(cluster), body()), {
    had: true,
  })
  await placesAreBack(t, cluster)
})

t.test('what is not the block is stored nowhere', async t => {
  const cluster = fakeCluster()
  const { hash, size } = blockOf(cluster)
  const wrong = Buffer.alloc(32, 1)
  await t.rejects(
    receiveBlock(cluster.c, use, new BlockClaim(cluster.c, use), { hash: wrong, size }, body()),
    { code: 'CHECKSUM' },
  )
  await t.rejects(
    receiveBlock(cluster.c, use, new BlockClaim(cluster.c, use), { hash, size: size - 1 }, body()),
    { code: 'BAD_REQUEST' },
  )
  await t.rejects(
    receiveBlock(cluster.c, use, new BlockClaim(cluster.c, use), { hash, size: size + 1 }, body()),
    { code: 'BAD_REQUEST' },
  )
  t.strictSame(cluster.agents.sentTo('putBlock'), [])
  await placesAreBack(t, cluster)
})

t.test('nothing is read before there is a place, and a slow sender holds back no other writer', async t => {
  const cluster = fakeCluster()
  const { c } = cluster
  let read = 0
  let go: () => void = () => {}
  const started = new Promise<void>(resolve => {
    go = resolve
  })
  class SlowBody extends GivenBody {
    override async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
      read++
      await started
      yield* this.inline
    }
  }
  const slow = Array.from({ length: 5 }, () =>
    receiveBlock(c, use, new BlockClaim(c, use), blockOf(cluster), new SlowBody([bytes])),
  )
  await new Promise(setImmediate)
  t.equal(read, 4, 'the fifth waits')
  t.equal(c.writeBudget.free, 4)
  go()
  await Promise.all(slow)
  t.equal(read, 5)
  await placesAreBack(t, cluster)
})

t.test('too few owners', async t => {
  const cluster = fakeCluster()
  cluster.agents.down.add('agent-0').add('agent-1')
  await t.rejects(receiveBlock(cluster.c, use, new BlockClaim(cluster.c, use), blockOf(cluster), body()), {
    code: 'UNAVAILABLE',
  })
  await placesAreBack(t, cluster)
})
