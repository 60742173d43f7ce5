import t from 'tap'
import { askForBlocks, askOwners } from '../../src/bodies/ask-owners.js'
import { BlockClaim } from '../../src/bodies/block-claim.js'
import type { BlockUse } from '../../src/bodies/block-owners.js'
import { BlockReferences } from '../../src/bodies/block-references.js'
import { type FakeCluster, fakeCluster, testBucket } from '../fakes/fake-cluster.js'

const use: BlockUse = {
  bucket: testBucket(),
  key: 'key',
  opId: Buffer.alloc(16, 1),
  timeoutMs: undefined,
  signal: undefined,
}
const held = { hold: () => undefined }
const block = Buffer.alloc(1000, 'block')

function give({ c, agent }: FakeCluster, ...agents: number[]): Uint8Array {
  const hash = c.environment.hasher.sha256(block)
  for (const index of agents) agent(index).blocks.set(Buffer.from(hash).toString('hex'), block)
  return hash
}

t.test('who has a block, who lacks it, and who could not be asked', async t => {
  const cluster = fakeCluster()
  const { c, agents } = cluster
  const hash = give(cluster, 0, 1)
  const ask = () => askOwners(c, use, new BlockReferences(c, use, held), hash)
  t.match(await ask(), { held: true, needed: 2 })
  cluster.agent(0).blocks.clear()
  const agentsOf = (targets: readonly { agent: string }[]) => targets.map(({ agent }) => agent).sort()
  t.match(await ask(), { held: false, errors: new Map() })
  t.strictSame(agentsOf((await ask()).have), ['agent-1'])
  t.strictSame(agentsOf((await ask()).lacking), ['agent-0', 'agent-2'])
  agents.down.add('agent-2')
  const asked = await ask()
  t.match(asked, { held: false, plan: { down: ['agent-2'] } })
  t.strictSame([agentsOf(asked.have), agentsOf(asked.lacking)], [['agent-1'], ['agent-0']])
  agents.fault = ({ agent }) => (agent === 'agent-0' ? { kind: 'lost' } : undefined)
  await t.rejects(ask(), { code: 'UNAVAILABLE', message: /1 of 2/ }, 'sending it would not help')
  agents.fault = () => ({ kind: 'refused', code: 'STALE_EPOCH' })
  await t.rejects(ask(), { code: 'STALE_EPOCH' })
})

t.test('many blocks cost each agent one message', async t => {
  const cluster = fakeCluster()
  const { c, agents } = cluster
  const here = give(cluster, 0, 1, 2)
  const held = await askForBlocks(c, use, new BlockClaim(c, use), [
    Buffer.alloc(32, 1),
    here,
    Buffer.alloc(32, 2),
  ])
  t.strictSame(held, [false, true, false])
  t.strictSame(agents.sentTo('referBlocks').sort(), ['agent-0', 'agent-1', 'agent-2'])
  t.strictSame(await askForBlocks(c, use, new BlockClaim(c, use), []), [])
})
