import t from 'tap'
import { effectiveQuorum, majority, planTargets } from '../../src/quorum/targets.js'

const aliveBut =
  (...down: string[]) =>
  (agent: string) =>
    !down.includes(agent)

t.test('all alive: the owners in preference order', async t => {
  const plan = planTargets(['a', 'b', 'c'], aliveBut())
  t.strictSame(plan.live, ['a', 'b', 'c'])
  t.strictSame(plan.down, [])
  t.strictSame(
    plan.writes.map(({ agent, standsFor }) => [agent, standsFor]),
    [
      ['a', undefined],
      ['b', undefined],
      ['c', undefined],
    ],
  )
})

t.test('without fallbacks nobody stands in', async t => {
  const plan = planTargets(['a', 'b', 'c'], aliveBut('a'))
  t.strictSame(plan.live, ['b', 'c'])
  t.strictSame(plan.down, ['a'])
  t.equal(plan.writes.length, 2)
  t.strictSame(plan.owners, ['a', 'b', 'c'])
})

t.test('the next live agents of the ring stand in, each for one owner', async t => {
  const plan = planTargets(['a', 'b', 'c'], aliveBut('a', 'b', 'd'), () => ['d', 'c', 'e', 'f'])
  t.strictSame(plan.writes, [
    { agent: 'c', standsFor: undefined },
    { agent: 'e', standsFor: 'a' },
    { agent: 'f', standsFor: 'b' },
  ])
})

t.test('fewer stand-ins than owners that are down', async t => {
  const plan = planTargets(['a', 'b'], aliveBut('a', 'b'), () => ['e'])
  t.strictSame(plan.writes, [{ agent: 'e', standsFor: 'a' }])
  t.strictSame(plan.live, [])
})

t.test('quorums', async t => {
  t.equal(majority(1), 1)
  t.equal(majority(3), 2)
  t.equal(majority(4), 3)
  t.equal(effectiveQuorum(2, 3), 2)
  t.equal(effectiveQuorum(2, 1), 1)
})
