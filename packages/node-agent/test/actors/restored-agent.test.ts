import { decodeVersion } from '@torc/cluster/state/version-codec'
import { systemRandom } from '@torc/protocol/environment/system'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import t, { type Test } from 'tap'
import type { Agent } from '../../src/agent.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { fetched, firstEpoch, serverConnection, startedAgent, until } from '../support/agent-harness.js'
import { address, mint } from '../support/key-requests.js'
import { recordingLog } from '../support/recording-log.js'

interface Three {
  readonly agents: Agent[]
  readonly disks: MemoryDisk[]
}

const leaseEnds = async (keeper: Exchange, agent: string) =>
  (await fetched(keeper, 'fetchCounterLeases', { time: 0, agent }))[0]?.head.leases ?? []

/** Three agents that own everything, each with a lease at the others. */
async function threeAgents(t: Test): Promise<Three> {
  const disks = [1, 2, 3].map(() => new MemoryDisk())
  const agents: Agent[] = []
  for (const [index, data] of disks.entries()) {
    const join = agents.map(agent => agent.address)
    agents.push(await startedAgent(t, { data, name: `agent-${index + 1}`, join }))
  }
  const epoch = firstEpoch(agents.map(({ id }) => id))
  const servers = await Promise.all(agents.map(agent => serverConnection(t, agent)))
  await Promise.all(servers.map(server => server.request('putEpoch', { epoch })))
  await until(async () => {
    const kept = await Promise.all(servers.map(server => leaseEnds(server, agents[0]?.id ?? '')))
    return kept.filter(leases => leases.length > 0).length === 2
  }, 'the lease of the first agent')
  return { agents, disks }
}

t.test('an agent on an old copy of its disk takes no part, says so, and minds its manners', async t => {
  const { agents, disks } = await threeAgents(t)
  const [first, second] = agents
  const [disk] = disks
  if (first === undefined || second === undefined || disk === undefined) throw new Error('no agents')
  const before = await mint(await serverConnection(t, first), 'key', Buffer.from('before'))
  await first.close()
  const copy = disk.copy()

  const keeper = await serverConnection(t, second)
  const endThen = (await leaseEnds(keeper, first.id))[0]?.[1] ?? 0
  const join = [second.address]
  const again = await startedAgent(t, { data: disk, name: 'agent-1', join })
  await until(
    async () => ((await leaseEnds(keeper, first.id))[0]?.[1] ?? 0) > endThen,
    'the lease of the boot',
  )
  const later = await mint(await serverConnection(t, again), 'key', Buffer.from('later'))
  t.equal(later.version.dot.actor, before.version.dot.actor, 'a restart goes on as the same actor')
  await again.close()

  const log = recordingLog()
  const restored = await startedAgent(t, { data: copy, name: 'agent-1', join, log })
  t.equal(restored.id, first.id)
  const server = await serverConnection(t, restored)
  const usage = async () => (await fetched(server, 'fetchUsage', {}))[0]?.head
  await until(async () => (await usage())?.restored !== undefined, 'the old copy is noticed')
  const said = log.lines.filter(({ level }) => level === 'error')
  t.match(said, [
    { message: /old copy: other agents know its counters as .* until a layout takes it in anew/ },
  ])
  t.equal(said.length, 1)
  t.match((await usage())?.restored, /up to \d+, its disk only up to \d+/)

  await t.rejects(mint(server, 'key', Buffer.from('x')), { code: 'UNAVAILABLE', message: /old copy/ })
  await t.rejects(fetched(server, 'fetchKey', { ...address, key: 'key', want: 'heads' }), {
    code: 'UNAVAILABLE',
  })
  await t.rejects(leaseEnds(server, second.id), { code: 'UNAVAILABLE' })
  const operations = [{ bucketId: address.bucketId, key: 'key', opId: systemRandom.bytes(16) }]
  await t.rejects(fetched(server, 'fetchOperations', { epoch: 1, stage: 3, time: 0, operations }), {
    code: 'UNAVAILABLE',
  })
  t.ok((await fetched(server, 'fetchEpoch', {}))[0]?.head.epoch)
  await until(async () => {
    const { head } = await keeper.request('gossip', { members: [], epoch: 0 })
    return head.members.some(({ id, restored: told }) => id === first.id && told === true)
  }, 'the others hear of it')

  await restored.close()
  const once = recordingLog()
  const still = await startedAgent(t, { data: copy, name: 'agent-1', join, log: once })
  await t.rejects(mint(await serverConnection(t, still), 'key', Buffer.from('x')), { code: 'UNAVAILABLE' })
  t.equal(once.lines.filter(({ level }) => level === 'error').length, 1, 'each process says it once')
})

t.test('writes and reads wait a moment for the check of the disk, and go on without it', async t => {
  const { agents, disks } = await threeAgents(t)
  const [first] = agents
  const [data] = disks
  if (first === undefined || data === undefined) throw new Error('no agents')
  const { version } = await mint(await serverConnection(t, first), 'key', Buffer.from('x'))
  await Promise.all(agents.map(agent => agent.close()))
  // Nobody else is there: it goes on as a temporary actor.
  const alone = await startedAgent(t, { data, name: 'agent-1', counterLeases: { bootMs: 200 } })
  const server = await serverConnection(t, alone)
  const order: string[] = []
  const said = async <T>(what: string, answer: Promise<T>): Promise<T> => {
    const came = await answer
    order.push(what)
    return came
  }
  const reading = said('read', fetched(server, 'fetchKey', { ...address, key: 'key', want: 'heads' }))
  const minting = said('mint', mint(server, 'key', Buffer.from('y')))
  // What tells nothing of keys is answered at once.
  await said('usage', fetched(server, 'fetchUsage', {}))
  const [read] = await reading
  t.equal(decodeVersion(read?.head.heads?.[0] ?? Buffer.from('')).id, version.id)
  t.not((await minting).version.dot.actor, version.dot.actor)
  t.equal(order[0], 'usage')
  await alone.close()
  const boot = await startedAgent(t, { data, name: 'agent-1', counterLeases: { bootMs: 60_000 } })
  const waiting = mint(await serverConnection(t, boot), 'key', Buffer.from('z'))
  await startedAgent(t, { data: disks[1] ?? data, name: 'agent-2', join: [boot.address] })
  await startedAgent(t, { data: disks[2] ?? data, name: 'agent-3', join: [boot.address] })
  t.equal((await waiting).version.dot.actor, version.dot.actor, 'the check came to an end')
})

t.test('an agent leases for itself alone, and only with a place in the layout', async t => {
  const { agents } = await threeAgents(t)
  const [first] = agents
  if (first === undefined) throw new Error('no agents')
  const server = await serverConnection(t, first)
  const request = { time: 0, agent: first.id, actor: '00000000000000aa', leaseEnd: 5 }
  await t.rejects(server.request('putCounterLease', request), { code: 'DENIED' })
  t.same(await leaseEnds(server, 'stranger-00000000'), [])
  // A disk that was wiped is a new agent: it has no place, leases nothing and is asked for nothing.
  const wiped = await startedAgent(t, { name: 'agent-4', join: [first.address] })
  t.not(wiped.id, first.id)
  const other = await serverConnection(t, wiped)
  await until(async () => (await fetched(other, 'fetchEpoch', {}))[0]?.head.epoch !== undefined, 'the layout')
  await t.rejects(mint(other, 'key', Buffer.from('x')), { code: 'NOT_OWNER' })
  const usage = (await fetched(other, 'fetchUsage', {}))[0]?.head
  t.match(usage, { actors: [], restored: undefined })
  t.match(
    usage?.workers?.find(({ name }) => name === 'counter leases'),
    {
      progress: 'waits for a place in the layout',
    },
  )
  t.same(await leaseEnds(server, wiped.id), [])
})
