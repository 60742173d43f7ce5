import type { ResponseOf } from '@torc/protocol/messages/table'
import t from 'tap'
import type { Coordination } from '../../src/core/coordination.js'
import { repairStatus, startRepair } from '../../src/flows/repair-flow.js'
import { fakeCluster } from '../fakes/fake-cluster.js'

type Repair = NonNullable<ResponseOf<'fetchUsage'>['repair']>

const repair: Repair = {
  ...{ pass: 4, running: false, asked: false, partitions: 9, partitionsTotal: 9, unreachable: 1 },
  ...{ different: 2, keysRepaired: 1, blocksRepaired: 1 },
}

/** Agents that tell of their repairs; one that is not in the script is an older version. */
function scripted(repairs: Readonly<Record<string, Repair>>): { c: Coordination; asked: string[] } {
  const { c, agents } = fakeCluster()
  const asked: string[] = []
  const request = async (id: string, name: string) => {
    const known = repairs[id]
    if (name === 'repairReplicas') {
      if (known === undefined) throw new Error('repair is no message to an agent')
      asked.push(id)
      return { head: { waitFor: known.pass + 1 }, body: undefined }
    }
    const head = { usedBytes: 1, freeBytes: 100, keys: 0, versions: 0, blocks: 7 }
    return { head: known === undefined ? head : { ...head, repair: known }, body: undefined }
  }
  return {
    c: { ...c, agents: { ...agents, isAlive: () => true, isReachable: () => true, request } as never },
    asked,
  }
}

t.test('all agents are asked, and one that cannot be does not hide the others', async t => {
  const { c, asked } = scripted({ 'agent-0': repair, 'agent-1': { ...repair, pass: 7 } })
  const { agents } = await startRepair(c)
  t.same(asked, ['agent-0', 'agent-1'])
  t.match(agents, [
    { id: 'agent-0', waitFor: 5, repair: { pass: 4, unreachable: 1 } },
    { id: 'agent-1', waitFor: 8 },
    { id: 'agent-2', error: /no message/ },
  ])
  const status = await repairStatus(c)
  t.match(status.agents, [{ repair: { different: 2 } }, {}, { id: 'agent-2', error: undefined }])
  t.equal(status.agents[2]?.repair, undefined)
  t.equal(status.agents[0]?.waitFor, undefined)
})

t.test('there is nothing to compare before the first layout', async t => {
  const { c } = fakeCluster({ bare: true })
  await t.rejects(repairStatus(c), { code: 'NO_LAYOUT' })
  await t.rejects(startRepair(c), { code: 'NO_LAYOUT' })
})
