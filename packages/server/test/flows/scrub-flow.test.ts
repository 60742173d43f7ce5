import type { ResponseOf } from '@torc/protocol/messages/table'
import t from 'tap'
import type { Coordination } from '../../src/core/coordination.js'
import { scrubStatus, startScrub } from '../../src/flows/scrub-flow.js'
import { clusterStatus } from '../../src/flows/status-flow.js'
import { fakeCluster } from '../fakes/fake-cluster.js'

const scrub = {
  ...{ pass: 4, walking: false, asked: false, blocks: 7, bytes: 700, bytesTotal: 700, bytesPerSecond: 0 },
  ...{ found: 2, repaired: 1 },
}

type Usage = Partial<ResponseOf<'fetchUsage'>>

/** Agents that answer requests about scrubbing and use from a script; one without a script is an older version. */
function scripted(usage: Readonly<Record<string, Usage | undefined>>): { c: Coordination; asked: string[] } {
  const { c, agents } = fakeCluster()
  const asked: string[] = []
  const request = async (id: string, name: string) => {
    const known = usage[id]
    if (name === 'scrubBlocks') {
      if (known === undefined) throw new Error('scrub is no message to an agent')
      asked.push(id)
      return { head: { waitFor: 5 }, body: undefined }
    }
    const head = { usedBytes: 1, freeBytes: 100, keys: 0, versions: 0, blocks: 7, ...known }
    return { head, body: undefined }
  }
  return {
    c: { ...c, agents: { ...agents, isAlive: () => true, isReachable: () => true, request } as never },
    asked,
  }
}

t.test('all agents are asked, and one that cannot be does not hide the others', async t => {
  const { c, asked } = scripted({ 'agent-0': { scrub, blocksMissing: 1 }, 'agent-1': { scrub } })
  const { agents } = await startScrub(c)
  t.same(asked, ['agent-0', 'agent-1'])
  t.match(agents, [
    { id: 'agent-0', waitFor: 5, blocksMissing: 1, scrub: { pass: 4 } },
    { id: 'agent-1', waitFor: 5, scrub: { pass: 4 } },
    { id: 'agent-2', error: /no message/ },
  ])
  const status = await scrubStatus(c)
  t.match(status.agents, [{ scrub: { found: 2 } }, {}, { id: 'agent-2', scrub: undefined, error: undefined }])
  t.equal(status.agents[0]?.waitFor, undefined)
})

t.test('there is nothing to check before the first layout', async t => {
  const { c } = fakeCluster({ bare: true })
  await t.rejects(scrubStatus(c), { code: 'NO_LAYOUT' })
})

t.test('status names agents with damaged blocks, and work that fails', async t => {
  const { c } = scripted({
    'agent-0': { scrub, blocksMissing: 1, blocksCorrupt: 0, blocksRepaired: 9 },
    'agent-1': {
      blocksMissing: 2,
      blocksCorrupt: 3,
      workers: [{ name: 'scrub', state: 'failed', progress: 'pass 4', error: 'it hurts' }],
    },
  })
  const members = ['agent-0', 'agent-1', 'agent-2'].map(id => ({
    ...({
      id,
      name: id,
      role: 'agent',
      address: '127.0.0.1:1',
      zone: '',
      capacity: 1,
      state: 'alive',
    } as const),
    incarnation: 1,
  }))
  const status = await clusterStatus(c, members, async () => 0)
  t.equal(status.healthy, false)
  t.match(status.problems, [
    /On agent agent-1, scrub fails and is tried again: it hurts\./,
    /Agent agent-0 has 1 damaged block \(1 lost, 0 corrupt\)/,
    /Agent agent-1 has 5 damaged blocks \(2 lost, 3 corrupt\) .* `torc repair scrub`/,
  ])
  t.match(status.members[0], { blocksMissing: 1, blocksRepaired: 9, workers: undefined })
  t.match(status.members[1]?.workers, [{ name: 'scrub', error: 'it hurts' }])
})
