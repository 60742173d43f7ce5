import { TorcError } from '@torc/protocol/errors'
import type { RequestOf } from '@torc/protocol/messages/table'
import t from 'tap'
import type { BlockUse } from '../../src/bodies/block-owners.js'
import { BlockReferences } from '../../src/bodies/block-references.js'
import { owner } from '../../src/quorum/write-quorum.js'
import { type FakeCluster, fakeCluster, testBucket } from '../fakes/fake-cluster.js'

const opId = Buffer.alloc(16, 1)
const held = { hold: () => undefined }
const use = (more: Partial<BlockUse> = {}): BlockUse => ({
  bucket: testBucket(),
  key: 'key',
  opId,
  timeoutMs: undefined,
  signal: undefined,
  ...more,
})

/** Hashes of `count` blocks of which agent 0 has each second one, the first included. */
function hashes({ c, agent }: FakeCluster, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    const bytes = Buffer.from(`block ${i}`)
    const hash = c.environment.hasher.sha256(bytes)
    if (i % 2 === 0) agent(0).blocks.set(Buffer.from(hash).toString('hex'), bytes)
    return hash
  })
}

const countsIn = ({ agents }: FakeCluster): number[] =>
  agents.sent.map(({ head }) => (head as RequestOf<'referBlocks'>).hashes.length / 32)

t.test('questions of one turn go together, and so do those that come up before the answer', async t => {
  const cluster = fakeCluster()
  const list = hashes(cluster, 9)
  const references = new BlockReferences(cluster.c, use(), held)
  const answers: boolean[] = []
  const ask = (from: number, to: number): Promise<void>[] =>
    list.slice(from, to).map(async (hash, i) => {
      answers[from + i] = await references.add(owner('agent-0'), hash)
    })
  let answer: () => void = () => {}
  cluster.agents.gate = () => new Promise<void>(resolve => (answer = resolve))
  const asked = ask(0, 2)
  await Promise.resolve()
  t.strictSame(countsIn(cluster), [2], 'asked at once')
  asked.push(...ask(2, 5))
  await new Promise(setImmediate)
  asked.push(...ask(5, 8))
  t.strictSame(countsIn(cluster), [2], 'one request at a time')
  answer()
  await new Promise(setImmediate)
  t.strictSame(answers, [true, false], 'their answers wait for no others')
  t.strictSame(countsIn(cluster), [2, 6])
  answer()
  await Promise.all(asked)
  cluster.agents.gate = undefined
  await Promise.all(ask(8, 9))
  t.strictSame(countsIn(cluster), [2, 6, 1])
  t.strictSame(answers, [true, false, true, false, true, false, true, false, true])
  t.equal(cluster.agent(0).references.size, 5, 'what is there is referred to')
})

t.test('a request has at most 4096 hashes', async t => {
  const cluster = fakeCluster()
  const references = new BlockReferences(cluster.c, use(), held)
  const answers = await Promise.all(hashes(cluster, 9000).map(hash => references.add(owner('agent-0'), hash)))
  t.strictSame(countsIn(cluster), [4096, 4096, 808])
  t.equal(answers.filter(Boolean).length, 4500)
  t.ok(answers.every((here, i) => here === (i % 2 === 0)))
})

t.test('an agent that fails is asked again for later blocks; other agents do not notice', async t => {
  const cluster = fakeCluster()
  const [hash = opId] = hashes(cluster, 1)
  const references = new BlockReferences(cluster.c, use(), held)
  cluster.agents.fault = ({ agent }) => (agent === 'agent-0' ? { kind: 'lost' } : undefined)
  const both = [references.add(owner('agent-0'), hash), references.add(owner('agent-0'), hash)]
  t.equal(await references.add(owner('agent-1'), hash), false)
  for (const one of both) await t.rejects(one, { code: 'TIMEOUT' })
  cluster.agents.fault = undefined
  t.equal(await references.add(owner('agent-0'), hash), true)
})

t.test('what waits for an agent fails with its silence, and not with its refusals', async t => {
  for (const [fault, outcome] of [
    [{ kind: 'lost' }, 'TIMEOUT'],
    [{ kind: 'refused', code: 'OVERLOADED' }, true],
  ] as const) {
    const cluster = fakeCluster()
    const [hash = opId] = hashes(cluster, 1)
    const references = new BlockReferences(cluster.c, use(), held)
    let answer: () => void = () => {}
    cluster.agents.gate = () => new Promise<void>(resolve => (answer = resolve))
    let faults = 1
    cluster.agents.fault = () => (faults-- > 0 ? fault : undefined)
    const first = references.add(owner('agent-0'), hash)
    await new Promise(setImmediate)
    const second = references.add(owner('agent-0'), hash).catch((error: TorcError) => error.code)
    cluster.agents.gate = undefined
    answer()
    await t.rejects(first, TorcError)
    t.equal(await second, outcome)
    t.equal(await references.add(owner('agent-0'), hash), true)
  }
})

t.test('a caller that gave up, and no layout', async t => {
  const cluster = fakeCluster()
  const [hash = opId] = hashes(cluster, 1)
  const given = new BlockReferences(cluster.c, use({ signal: AbortSignal.abort() }), held)
  await t.rejects(given.add(owner('agent-0'), hash), { code: 'CANCELLED' })
  t.strictSame(cluster.agents.sent, [])
  const bare = new BlockReferences(fakeCluster({ bare: true }).c, use(), held)
  await t.rejects(bare.add(owner('agent-0'), hash), { code: 'NO_LAYOUT' })
})
