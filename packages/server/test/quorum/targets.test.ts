import { majority } from '@torc/cluster/consensus/majority'
import t from 'tap'
import { splitOwners, WritePlan } from '../../src/quorum/targets.js'
import { effectiveQuorum } from '../../src/quorum/write-quorum.js'

const aliveBut =
  (...down: string[]) =>
  (agent: string) =>
    !down.includes(agent)

const owners = [{ owners: ['a', 'b', 'c'], needed: 2 }]
const nobody = (): readonly string[] => []
const ring = (): readonly string[] => ['d', 'e', 'f']

t.test('all alive: the owners in preference order', async t => {
  const plan = new WritePlan(owners, aliveBut(), ring)
  t.strictSame(plan.live, ['a', 'b', 'c'])
  t.strictSame(plan.down, [])
  t.strictSame(plan.targets, [
    { agent: 'a', standsFor: [] },
    { agent: 'b', standsFor: [] },
    { agent: 'c', standsFor: [] },
  ])
  t.equal(splitOwners(plan.owners, aliveBut()).live, plan.owners, 'no copy where none is down')
})

t.test('without fallbacks nobody stands in', async t => {
  const plan = new WritePlan(owners, aliveBut('a'), nobody)
  t.strictSame(plan.live, ['b', 'c'])
  t.strictSame(plan.down, ['a'])
  t.equal(plan.targets.length, 2)
  t.equal(plan.replace({ agent: 'b', standsFor: [] }), undefined)
  t.strictSame(plan.down, ['a', 'b'])
})

t.test('the next live agents of the ring stand in, each for one owner', async t => {
  const plan = new WritePlan(owners, aliveBut('a', 'b', 'd'), ring)
  t.strictSame(plan.targets, [
    { agent: 'c', standsFor: [] },
    { agent: 'e', standsFor: ['a'] },
    { agent: 'f', standsFor: ['b'] },
  ])
})

t.test('where there are too few, one stands for several', async t => {
  const plan = new WritePlan(owners, aliveBut('a', 'b', 'c'), () => ['e'])
  t.strictSame(plan.targets, [{ agent: 'e', standsFor: ['a', 'b', 'c'] }])
  t.strictSame(plan.live, [])
})

t.test('who fails is replaced, once', async t => {
  const plan = new WritePlan(owners, aliveBut(), ring)
  const a = plan.targets[0] ?? { agent: 'none', standsFor: [] }
  const first = plan.replace(a)
  t.strictSame(first, { agent: 'd', standsFor: ['a'] })
  t.equal(plan.replace(a), undefined, 'somebody stands for it')
  const second = first === undefined ? undefined : plan.replace(first)
  t.strictSame(second, { agent: 'e', standsFor: ['a'] }, 'a stand-in that fails is replaced in turn')
  t.strictSame(plan.down, ['a'])
  t.equal(plan.targets.length, 5)
})

t.test('quorums', async t => {
  t.equal(majority(1), 1)
  t.equal(majority(3), 2)
  t.equal(majority(4), 3)
  t.equal(effectiveQuorum(2, 3), 2)
  t.equal(effectiveQuorum(2, 1), 1)
})
