import { decodeEpoch, encodeEpoch } from '@torc/cluster/ring/epoch'
import { TorcError } from '@torc/protocol/errors'
import { unleased } from '@torc/protocol/frames/lease'
import type { RequestOf } from '@torc/protocol/messages/table'
import t from 'tap'
import type { BlockUse } from '../../src/bodies/block-owners.js'
import { BlockReferences } from '../../src/bodies/block-references.js'
import { type WrittenBlock, writeBlock } from '../../src/bodies/block-writer.js'
import { type FakeCluster, fakeCluster, testBucket } from '../fakes/fake-cluster.js'

const bytes = Buffer.alloc(100_000, 'block')
const opId = Buffer.alloc(16, 1)
const held = { hold: () => undefined }
const use: BlockUse = { bucket: testBucket(), key: 'key', opId, timeoutMs: undefined, signal: undefined }

function hashOf({ c }: FakeCluster): Uint8Array {
  return c.environment.hasher.sha256(bytes)
}

function give(cluster: FakeCluster, ...agents: number[]): void {
  const name = Buffer.from(hashOf(cluster)).toString('hex')
  for (const index of agents) cluster.agent(index).blocks.set(name, bytes)
}

interface Written {
  readonly result: Promise<WrittenBlock>
  settled: boolean
}

function writing(cluster: FakeCluster, more: Partial<BlockUse> = {}): Written {
  const { c } = cluster
  const mine = { ...use, ...more }
  const leases = [bytes.subarray(0, 7), bytes.subarray(7)].map(unleased)
  const block = { leases, size: bytes.length }
  const result = writeBlock(c, mine, new BlockReferences(c, mine, held), hashOf(cluster), block, () => {
    written.settled = true
  })
  // Each test looks at how it ended in its turn; a failure before that is not unhandled.
  result.catch(() => undefined)
  const written: Written = { result, settled: false }
  return written
}

t.test('owners that have it get no bytes', async t => {
  for (const [holders, had] of [
    [[], false],
    [[0], false],
    [[0, 2], true],
    [[0, 1, 2], true],
  ] as const) {
    const cluster = fakeCluster()
    give(cluster, ...holders)
    // The last owner is in no hurry, so that which two decide is known.
    const lacking = [0, 1, 2].filter(index => !(holders as readonly number[]).includes(index))
    const { agents } = cluster
    agents.gate = ({ name }) => (name === 'putBlock' ? new Promise(setImmediate) : undefined)
    const written = writing(cluster)
    t.strictSame(await written.result, { had }, `${holders.length} have it`)
    while (!written.settled) await new Promise(setImmediate)
    t.strictSame(
      agents.sentTo('putBlock').sort(),
      lacking.map(index => `agent-${index}`),
    )
    t.equal(agents.bodyBytes, lacking.length * bytes.length)
    for (const index of [0, 1, 2]) t.equal(cluster.agent(index).references.size, 1, 'each refers to it')
  }
})

t.test('agents are asked to compress only what a bucket wants compressed', async t => {
  for (const compression of ['none', 'brotli'] as const) {
    const cluster = fakeCluster()
    const written = writing(cluster, { bucket: testBucket(3, 2, 2, 'fixed', compression) })
    await written.result
    while (!written.settled) await new Promise(setImmediate)
    const sent = cluster.agents.sent.filter(({ name }) => name === 'putBlock')
    t.same(
      sent.map(({ head }) => (head as RequestOf<'putBlock'>).compress),
      Array(3).fill(compression === 'brotli' ? true : undefined),
    )
  }
})

t.test('an owner that is slow to say whether it has the block holds back no other', async t => {
  const cluster = fakeCluster()
  let answer: () => void = () => {}
  cluster.agents.gate = ({ name, agent }) =>
    name === 'referBlocks' && agent === 'agent-1' ? new Promise(resolve => (answer = resolve)) : undefined
  const written = writing(cluster)
  t.strictSame(await written.result, { had: false })
  await new Promise(setImmediate)
  t.equal(written.settled, false, 'its bytes may still be needed')
  answer()
  while (!written.settled) await new Promise(setImmediate)
  t.equal(cluster.agent(1).blocks.size, 1, 'and it gets them')
})

t.test('owners that fail to answer, or to store', async t => {
  for (const name of ['referBlocks', 'putBlock']) {
    const cluster = fakeCluster()
    const failing = new Set(['agent-0'])
    cluster.agents.fault = request =>
      request.name === name && failing.has(request.agent) ? { kind: 'refused', code: 'DISK_FULL' } : undefined
    t.strictSame(await writing(cluster).result, { had: false }, 'W are enough')
    const other = fakeCluster()
    other.agents.fault = cluster.agents.fault
    failing.add('agent-2')
    const written = writing(other)
    await t.rejects(written.result, { code: 'DISK_FULL', message: /of 2 agents/ })
    await new Promise(setImmediate)
    t.equal(written.settled, true)
  }
  const down = fakeCluster()
  down.agents.down.add('agent-0').add('agent-1')
  const failed = await writing(down).result.catch(TorcError.from)
  t.match(failed, { code: 'UNAVAILABLE', message: /0 of 2/, details: { needed: 2 } })
  t.match(new Set((failed as TorcError).details?.['down'] as string[]), new Set(['agent-0', 'agent-1']))
})

t.test('a caller that gave up', async t => {
  const cluster = fakeCluster()
  const written = writing(cluster, { signal: AbortSignal.abort() })
  await t.rejects(written.result, { code: 'CANCELLED' })
  await new Promise(setImmediate)
  t.equal(written.settled, true)
  t.strictSame(cluster.agents.sent, [])
})

t.test('under another layout it is tried once more', async t => {
  const cluster = fakeCluster()
  const [before] = [cluster.agent(0).epoch]
  if (before === undefined) throw new Error('no layout')
  const next = encodeEpoch({ ...decodeEpoch(before), number: 2 })
  for (const index of [0, 1, 2]) cluster.agent(index).epoch = next
  const written = writing(cluster)
  t.strictSame(await written.result, { had: false })
  t.equal(cluster.c.layouts.number, 2)
  while (!written.settled) await new Promise(setImmediate)
  t.equal(cluster.agent(2).blocks.size, 1)
})
