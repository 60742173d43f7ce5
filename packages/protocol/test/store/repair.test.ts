import t from 'tap'
import { repairStatusOf, restartedRepairs, unfinishedRepairs } from '../../src/store/repair.js'

const repair = (pass: number, running: boolean) => ({
  ...{ pass, running, asked: true, partitions: 1, partitionsTotal: 2, unreachable: 0, different: 0 },
  ...{ keysRepaired: 0, blocksRepaired: 0 },
})

t.test('the answer of the wire, with its times as dates, by agent', async t => {
  const status = repairStatusOf({
    agents: [
      { id: 'b', error: 'it is down' },
      { id: 'a', repair: { ...repair(2, false), beganAt: 5_000_999, endedAt: 6_000_000 }, waitFor: 2 },
    ],
  })
  t.match(status.agents, [
    { id: 'a', waitFor: 2, error: undefined, repair: { beganAt: new Date(5_000), endedAt: new Date(6_000) } },
    { id: 'b', repair: undefined, waitFor: undefined, error: 'it is down' },
  ])
  const bare = repairStatusOf({ agents: [{ id: 'a', repair: repair(0, false) }] })
  t.equal(bare.agents[0]?.repair?.beganAt, undefined)
})

t.test('who is waited for', async t => {
  const of = (id: string, pass?: number, running = false) =>
    pass === undefined ? { id } : { id, repair: repair(pass, running) }
  const asked = repairStatusOf({
    agents: [...['a', 'b', 'c', 'd', 'e', 'g'].map(id => ({ ...of(id, 1, true), waitFor: 2 })), { id: 'f' }],
  })
  const now = repairStatusOf({
    agents: [of('a', 1), of('b', 2, true), of('c', 2), of('d', 3, true), of('e'), of('f', 1), of('g', 0)],
  })
  t.same(unfinishedRepairs(asked, now), ['a', 'b', 'e'])
  t.same(restartedRepairs(asked, now), ['g'], 'its pass was lost with its process')
  t.same(unfinishedRepairs(asked, { agents: [] }), ['a', 'b', 'c', 'd', 'e', 'g'])
})
