import { decodeEpoch, encodeEpoch, epochHash } from '@torc/cluster/ring/epoch'
import { systemHasher } from '@torc/protocol/environment/system'
import t, { type Test } from 'tap'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { leaseCounters } from '../../src/index/counter-lease.js'
import { LeaseCluster } from './lease-cluster.js'

async function started(t: Test, count: number): Promise<LeaseCluster> {
  const cluster = new LeaseCluster(count)
  await cluster.start()
  t.teardown(() => cluster.stop())
  return cluster
}

t.test('a lease is on a majority of the disks before it is used, and boots raise it', async t => {
  const cluster = await started(t, 3)
  const agent = cluster.agent(0)
  const { actor } = await agent.mint()
  const endsElsewhere = () =>
    [1, 2].map(index => cluster.agent(index).running.kept.of('agent-0')[0]?.leaseEnd ?? 0)
  const [first = 0] = endsElsewhere()
  t.ok(first >= leaseCounters)
  for (let boot = 0; boot < 3; boot++) {
    const before = Math.max(...endsElsewhere())
    agent.crash()
    await agent.start()
    await cluster.time.advance(1_000)
    t.ok(Math.min(...endsElsewhere()) > before)
    t.equal((await agent.mint()).actor, actor)
  }
  t.equal(agent.restored, false)
  t.same(cluster.mintedTwice, [])
})

t.test('half a lease is used: it is extended before the end of it', async t => {
  const cluster = await started(t, 3)
  const { actor } = await cluster.agent(0).mint()
  for (let n = 0; n < 8; n++) {
    t.equal((await cluster.agent(0).mint(leaseCounters / 2)).actor, actor)
    await cluster.time.advance(100)
  }
  t.same(cluster.mintedTwice, [])
})

t.test('a copy that was taken before a boot is noticed, and says so once', async t => {
  const cluster = await started(t, 3)
  const agent = cluster.agent(0)
  const { actor } = await agent.mint()
  await agent.logId()
  agent.crash()
  const copy = agent.disk.copy()
  await agent.start()
  await cluster.time.advance(1_000)
  const logId = await agent.logId()
  agent.crash()
  agent.disk = copy
  await agent.start()
  t.same(await agent.logId(), logId, 'as far as it knows')
  await cluster.time.advance(1_000)
  t.notSame(await agent.logId(), logId, 'its changes are another log')
  t.match(agent.running.layout.restored, /up to \d+, its disk only up to \d+/)
  t.throws(() => agent.running.layout.checkEpoch(1, 3), { code: 'UNAVAILABLE' })
  t.equal(agent.running.lease.hasLasting, false)
  t.notOk(agent.running.lease.next().actor === actor)

  agent.crash()
  await agent.start()
  t.ok(agent.running.layout.restored, 'also after a restart')
  await cluster.time.advance(60_000)
  t.match(agent.running.runner.status(), { state: 'idle', progress: /old copy/ })
})

t.test('a copy of a running disk is noticed once the lease was extended by time', async t => {
  for (const writes of [true, false]) {
    const cluster = await started(t, 3)
    const agent = cluster.agent(0)
    await agent.mint()
    await cluster.time.advance(600_000)
    const copy = agent.disk.copy()
    if (writes) await agent.mint()
    await cluster.time.advance(1_300_000)
    agent.crash()
    agent.disk = copy
    await agent.start()
    await cluster.time.advance(1_000)
    t.equal(agent.restored, writes, writes ? 'it was written to' : 'nothing is lost, so nothing is wrong')
    t.same(cluster.mintedTwice, [])
  }
})

t.test('a copy is noticed whichever of the others stored the last lease', async t => {
  const cluster = await started(t, 3)
  const agent = cluster.agent(0)
  const { actor } = await agent.mint()
  const copy = agent.disk.copy()
  // Only agent 1 hears of the next lease, and only agent 2 is there when the copy comes back.
  cluster.cutOff.add('agent-2')
  await agent.mint(leaseCounters)
  await cluster.time.advance(1_000)
  t.equal((await agent.mint(10)).actor, actor, 'the lease was extended')
  agent.crash()
  agent.disk = copy
  cluster.cutOff.clear()
  cluster.cutOff.add('agent-1')
  await agent.start()
  await cluster.time.advance(10_000)
  await agent.mint(10)
  t.same(cluster.mintedTwice, [], 'it mints as a temporary actor')
  t.equal(agent.restored, false)
  cluster.cutOff.clear()
  await cluster.time.advance(10_000)
  t.equal(agent.restored, true)
})

t.test('without a majority a temporary actor mints at once; with it the lasting one goes on', async t => {
  const cluster = await started(t, 3)
  const agent = cluster.agent(0)
  const { actor } = await agent.mint()
  agent.crash()
  cluster.cutOff.add('agent-0')
  await agent.start()
  const temporary = await agent.mint()
  t.not(temporary.actor, actor)
  await cluster.time.advance(60_000)
  t.equal((await agent.mint()).actor, temporary.actor)
  t.match(agent.running.runner.status(), { state: 'throttled', progress: /waits for enough agents to tell/ })
  cluster.cutOff.clear()
  await cluster.time.advance(10_000)
  t.equal((await agent.mint()).actor, actor)
  t.equal(agent.restored, false)
})

t.test('a lease that cannot be extended in time is not counted beyond', async t => {
  const cluster = await started(t, 3)
  const agent = cluster.agent(0)
  const { actor } = await agent.mint()
  cluster.answersLost = true
  await agent.mint(2 * leaseCounters)
  const temporary = await agent.mint()
  t.not(temporary.actor, actor)
  await cluster.time.advance(60_000)
  t.equal((await agent.mint()).actor, temporary.actor)
  t.match(agent.running.runner.status().progress, /store the next lease/)
  cluster.answersLost = false
  await cluster.time.advance(10_000)
  t.equal((await agent.mint()).actor, actor)
  t.same(cluster.mintedTwice, [])
})

t.test('all disks restored from one backup start as if nothing had been', async t => {
  const cluster = await started(t, 3)
  for (const agent of cluster.agents) await agent.mint()
  for (const agent of cluster.agents) agent.crash()
  const copies = cluster.agents.map(agent => agent.disk.copy())
  for (const agent of cluster.agents) await agent.start()
  await cluster.time.advance(10_000)
  for (const agent of cluster.agents) agent.crash()
  for (const [index, agent] of cluster.agents.entries()) {
    const copy = copies[index]
    if (copy !== undefined) agent.disk = copy
    await agent.start()
  }
  await cluster.time.advance(10_000)
  for (const agent of cluster.agents) {
    t.equal(agent.restored, false)
    t.equal(agent.running.lease.low, false)
  }
})

t.test('an agent that is alone decides by its own disk', async t => {
  const cluster = await started(t, 1)
  const agent = cluster.agent(0)
  const { actor, counter } = await agent.mint()
  agent.crash()
  await agent.start()
  await cluster.time.advance(100)
  const next = await agent.mint()
  t.equal(next.actor, actor)
  t.ok(next.counter > counter)
})

t.test('a wiped disk is a new agent’s: nothing of the old one is assumed', async t => {
  const cluster = await started(t, 3)
  const agent = cluster.agent(0)
  const { actor } = await agent.mint()
  agent.crash()
  // What `openDataDirectory` does with an empty folder is another id; even under the old one no counter is used again.
  agent.disk = new MemoryDisk()
  await agent.start()
  t.not((await agent.mint()).actor, actor)
  await cluster.time.advance(10_000)
  t.equal(agent.restored, true)
  t.same(cluster.mintedTwice, [])
})

t.test('a later layout that gives it partitions brings an agent back, as a new actor', async t => {
  const cluster = await started(t, 3)
  const agent = cluster.agent(0)
  const { actor } = await agent.mint()
  agent.crash()
  const copy = agent.disk.copy()
  // The last lease is one that agent 2 has not heard of, which alone answers when the copy comes back.
  await agent.start()
  await cluster.time.advance(1_000)
  cluster.cutOff.add('agent-2')
  await agent.mint(leaseCounters)
  await cluster.time.advance(1_000)
  agent.crash()
  agent.disk = copy
  cluster.cutOff.clear()
  cluster.cutOff.add('agent-1')
  await agent.start()
  await cluster.time.advance(1_000)
  cluster.cutOff.clear()
  t.equal(agent.restored, true)
  const epoch = decodeEpoch(cluster.epoch)
  const terms = { absentMax: 1, lost: [], fresh: [agent.id] }
  const next = encodeEpoch({ ...epoch, number: 2, parentHash: epochHash(systemHasher, epoch), terms })
  for (const one of cluster.agents) await one.write(() => one.running.layout.store({ record: next }))
  t.equal(agent.running.layout.mustForget, true)
  await agent.write(() => agent.running.layout.rejoin())
  await cluster.time.advance(10_000)
  t.equal(agent.restored, false)
  agent.running.layout.checkOwner(0)
  const dot = await agent.mint()
  t.not(dot.actor, actor)
  t.equal(agent.running.lease.hasLasting, true)
  agent.crash()
  await agent.start()
  await cluster.time.advance(10_000)
  t.equal(agent.restored, false)
  t.equal((await agent.mint()).actor, dot.actor)
  t.same(cluster.mintedTwice, [])
})
