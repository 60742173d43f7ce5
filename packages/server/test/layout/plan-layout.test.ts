import { type Epoch, encodeEpoch, epochHash, firstParentHash } from '@torc/cluster/ring/epoch'
import { assignTable } from '@torc/cluster/ring/table'
import { systemHasher } from '@torc/protocol/environment/system'
import t from 'tap'
import { type PlanFacts, partitionsAtRisk, planLayout } from '../../src/layout/plan-layout.js'
import {
  decodeStagedChanges,
  encodeStagedChanges,
  isEmpty,
  noChanges,
  type StagedChanges,
  withChanges,
} from '../../src/layout/staged-changes.js'

const agent = (id: string, zone = '', capacity = 1) => ({ id, zone, capacity })
const three = ['a', 'b', 'c'].map(id => agent(id))

function epochOf(agents: readonly ReturnType<typeof agent>[], replicas = 3): Epoch {
  const table = assignTable(agents, { partitions: 64, replicas })
  return { number: 4, parentHash: firstParentHash, lineage: 'test', agents, table }
}

const facts = (change: Partial<PlanFacts> = {}): PlanFacts => ({
  parentHash: firstParentHash,
  isAlive: () => true,
  isRestored: () => false,
  buckets: [{ replicas: 3, readQuorum: 2, writeQuorum: 2 }],
  usedBytes: new Map([['a', 6400]]),
  ...change,
})

const changes = (change: Partial<StagedChanges>): StagedChanges => ({ ...noChanges(4), ...change })
const removing = (...ids: string[]) => changes({ remove: new Map(ids.map(id => [id, false])) })
const losing = (...ids: string[]) => changes({ remove: new Map(ids.map(id => [id, true])) })

t.test('an agent that joins takes its share, and nothing else moves', async t => {
  const current = epochOf(three)
  const { epoch, plan } = planLayout(current, changes({ assign: new Map([['d', agent('d')]]) }), facts())
  t.same(plan.problems, [])
  t.equal(epoch.number, 5)
  t.same(epoch.terms, { absentMax: 1, lost: [], fresh: [] })
  t.equal(plan.moved, 48)
  t.equal(plan.movedMin, 48)
  t.equal(plan.bytes, 4800, 'a hundred bytes for each replica')
  t.match(plan.agents.at(-1), { id: 'd', before: 0, after: 48, gains: 48, loses: 0 })
  t.same(
    plan.agents.slice(0, 3).map(({ loses }) => loses),
    [16, 16, 16],
  )
  const hash = epochHash(systemHasher, epoch)
  const again = planLayout(current, changes({ assign: new Map([['d', agent('d')]]) }), facts()).epoch
  t.same(epochHash(systemHasher, again), hash, 'two servers make the same one')
  t.ok(encodeEpoch(epoch).length > 0)
})

t.test('a layout that cannot keep what it has is refused with the reason', async t => {
  const current = epochOf(three)
  t.match(planLayout(current, removing('a'), facts()).plan.problems, [/2 agents for 3 replicas.*replicas 2/])
  t.same(planLayout(current, { ...removing('a'), replicas: 2 }, facts()).plan.problems, [])
  const more = { ...noChanges(current.number), replicas: 4 }
  t.match(planLayout(current, more, facts()).plan.problems, [/3 agents for 4 replicas/])
  const fewer = planLayout(
    epochOf(three.slice(0, 2)),
    changes({ assign: new Map([['a', agent('a')]]) }),
    facts(),
  )
  t.same(fewer.plan.problems, [], 'where there are too few anyway, nothing gets worse')
  t.match(fewer.plan.notes, [/kept 2 times/])
  t.throws(() => planLayout(current, losing('a', 'b', 'c'), facts()), { code: 'BAD_REQUEST' })
})

t.test('those that are there must suffice to take over from, and to decide', async t => {
  const current = epochOf([...three, agent('d'), agent('e')])
  const isAlive = (id: string) => id !== 'a'
  t.same(planLayout(current, removing('a'), facts({ isAlive })).plan.problems, [])
  t.match(planLayout(current, removing('a'), facts({ isAlive })).plan.notes, [
    /a is not there.*stays with it/,
  ])
  const strict = facts({ isAlive, buckets: [{ replicas: 3, readQuorum: 3, writeQuorum: 1 }] })
  t.match(planLayout(current, removing('a'), strict).plan.problems, [/too few of the present owners.*--dead/])
  t.same(planLayout(current, losing('a'), strict).plan.problems, [])
  const two = facts({ isAlive: id => id !== 'a' && id !== 'b' && id !== 'c' })
  t.match(planLayout(current, losing('a', 'b', 'c'), two).plan.problems.join(), /2 of the 5 agents.*majority/)
})

t.test('what may be lost is told apart from what cannot be', async t => {
  const current = epochOf([...three, agent('d'), agent('e')])
  const one = planLayout(current, losing('a'), facts()).epoch
  t.equal(partitionsAtRisk(current, one), 0)
  const two = planLayout(current, losing('a', 'b'), facts()).epoch
  t.ok(partitionsAtRisk(current, two) > 0, 'both may have been all that had it')
})

t.test('an old copy that a layout names counts as empty', async t => {
  const isRestored = (id: string) => id === 'b'
  const { epoch, plan } = planLayout(
    epochOf([...three, agent('d')]),
    changes({ assign: new Map([['b', agent('b')]]) }),
    facts({ isRestored }),
  )
  t.same(epoch.terms?.fresh, ['b'])
  t.match(plan.notes, [/b has an old copy/])
  t.equal(plan.moved, 0)
})

t.test(
  'an agent that was given up stays so in later layouts, and counts as empty when it is taken in again',
  async t => {
    const without = planLayout(epochOf([...three, agent('d')]), losing('a'), facts()).epoch
    t.same(without.terms?.lost, ['a'])
    const later = planLayout(without, { ...noChanges(5), replicas: 2 }, facts()).epoch
    t.same(later.terms?.lost, ['a'])
    const taken = new Map([['a', agent('a')]])
    const { terms } = planLayout(later, { ...noChanges(6), assign: taken }, facts()).epoch
    t.match(terms, { lost: [], fresh: ['a'] })
  },
)

t.test('staged changes add up, and are for one layout', async t => {
  const none = noChanges(4)
  t.ok(isEmpty(none))
  const joined = withChanges(none, 4, { assign: [agent('d')], remove: [], replicas: undefined })
  const both = withChanges(joined, 4, { assign: [], remove: [{ id: 'a', dead: true }], replicas: 2 })
  t.same(decodeStagedChanges(encodeStagedChanges(both)), both)
  const undone = withChanges(both, 4, {
    assign: [agent('a')],
    remove: [{ id: 'd', dead: false }],
    replicas: undefined,
  })
  t.same([[...undone.assign.keys()], [...undone.remove.keys()], undone.replicas], [['a'], ['d'], 2])
  t.throws(() => withChanges(both, 5, { assign: [], remove: [], replicas: 3 }), {
    code: 'CONFLICT',
    hint: /layout cancel/,
  })
  t.throws(() => decodeStagedChanges(Buffer.from('x')), { code: 'CORRUPT' })
})
