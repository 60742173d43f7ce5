import type { ClusterStatus } from '@torc/client'
import t from 'tap'
import { aliveIn, OperatedCluster, type OperatedNode } from '../harness/processes/operated-cluster.js'

/** All is well but that the agents are fewer than the replicas. */
function settledAt({ epoch, problems }: ClusterStatus, number: number): boolean {
  return epoch === number && problems.every(text => /replicas are wanted/.test(text))
}

t.test(
  'a majority is gone for good: the cluster begins anew with what is left, and takes nobody back',
  { timeout: 90_000 },
  async t => {
    const cluster = new OperatedCluster()
    t.teardown(() => cluster.stop())
    await cluster.init()
    const { address } = await cluster.server()
    const agents: OperatedNode[] = []
    for (const name of ['agent-1', 'agent-2', 'agent-3'])
      agents.push(await cluster.agent(name, { join: [address, ...agents.map(agent => agent.address)] }))
    await cluster.initLayout(address, 3)
    const store = await cluster.connect(address)
    t.teardown(() => store.close())
    await store.createBucket('box')
    const keys = Array.from({ length: 30 }, (_, n) => `key-${n}`)
    for (const key of keys) await store.put('box', key, key)
    await store.put('box', 'large', Buffer.alloc(3_000_000, 'x'))
    const early = await cluster.torc(['layout', 'recover', '--yes'], address)
    t.equal(early.code, 2)
    t.match(early.stderr, /can decide on the next layout/)
    await cluster.untilStatus(address, ({ healthy }) => healthy)

    await agents[1]?.process.end('SIGKILL')
    await agents[2]?.process.end('SIGKILL')
    await cluster.untilStatus(address, status => aliveIn(status) === 1)
    const told = await cluster.torc(['layout', 'recover'], address)
    t.equal(told.code, 2)
    t.match(told.stderr, /gives up agent-2-\w+, agent-3-\w+ for good[\s\S]*--yes/)
    const recovered = await cluster.torc(['layout', 'recover', '--yes'], address)
    t.equal(recovered.code, 0, recovered.stderr)
    await cluster.untilStatus(address, status => settledAt(status, 2))
    for (const key of keys) t.equal(await (await store.get('box', key)).text(), key)
    t.equal((await (await store.get('box', 'large')).bytes()).length, 3_000_000)
    await store.put('box', 'after', 'written', { ifNoneMatch: '*' })
    await store.delete('box', 'key-0')

    // One of them comes back with what it had: it hands nothing over, and waits to be taken in anew.
    await cluster.agent('agent-2', { join: [address] })
    await cluster.untilStatus(address, ({ problems }) =>
      problems.some(text => /agent-2.*takes no part/.test(text)),
    )
    await t.rejects(store.get('box', 'key-0'), { code: 'KEY_NOT_FOUND' })
    const id = (await store.status()).members.find(({ name }) => name === 'agent-2')?.id ?? ''
    t.equal((await cluster.torc(['layout', 'assign', id], address)).code, 0)
    const applied = await cluster.torc(['layout', 'apply'], address)
    t.equal(applied.code, 0, applied.stderr)
    await cluster.untilStatus(address, status => settledAt(status, 3))
    await t.rejects(store.get('box', 'key-0'), { code: 'KEY_NOT_FOUND' }, 'nothing came back')
    t.equal(await (await store.get('box', 'after')).text(), 'written')
  },
)
