import t from 'tap'
import { partitionBits } from '../../src/ring/partition-bits.js'
import { absentOwnersMax } from '../../src/transition/absent-owners.js'
import {
  changedPartitions,
  mayReadNew,
  mayWriteNew,
  sourcesOf,
  type TransitionReport,
} from '../../src/transition/advance.js'
import type { Stage } from '../../src/transition/stage.js'
import { changing } from './layouts.js'

const rows = [['a', 'b', 'c']]
const report = (stage: Stage, unsynced: readonly number[] = [], number = 2): TransitionReport => ({
  ...{ number, stage, unsynced: partitionBits(unsynced) },
})
const up = (): boolean => false

t.test('a new owner reads all old ones but those that every quorum bears away', async t => {
  const state = changing(rows, [['d', 'b', 'c']])
  t.same(sourcesOf(state, 0, 'd', true), { agents: ['a', 'b', 'c'], needed: 2 })
  t.same(sourcesOf(changing(rows, [['d', 'b', 'c']], 1, { absentMax: 0 }), 0, 'd', true).needed, 3)
  // One that is gone has used up what may be absent: both others are needed.
  const lost = changing(rows, [['d', 'b', 'c']], 1, { lost: ['a'] })
  t.same(sourcesOf(lost, 0, 'd', true), { agents: ['b', 'c'], needed: 2 })
  // So does the own copy, where it does not count.
  const fresh = changing(rows, rows, 1, { fresh: ['a'] })
  t.same(sourcesOf(fresh, 0, 'a', true), { agents: ['b', 'c'], needed: 2 })
  t.same(sourcesOf(changing(rows, [['c', 'b', 'a']]), 0, 'c', true), { agents: ['a', 'b'], needed: 2 })
  t.same(sourcesOf(changing(rows, [['c', 'b', 'a']]), 0, 'c', false), { agents: ['a', 'b'], needed: 1 })
  t.same(sourcesOf({ ...state, previous: undefined }, 0, 'd', true), { agents: [], needed: 1 })
})

t.test('reads go over when all new owners have taken over, or are down and few', async t => {
  const state = changing(rows, [['d', 'b', 'e']])
  const reports = new Map([
    ['b', report(1)],
    ['d', report(1)],
    ['e', report(1, [0])],
  ])
  t.notOk(mayReadNew(state, reports, up))
  t.ok(mayReadNew(state, new Map([...reports, ['e', report(1)]]), up))
  t.notOk(mayReadNew(state, new Map([...reports, ['e', report(3, [], 1)]]), up), 'still under the old layout')
  reports.delete('e')
  t.notOk(mayReadNew(state, reports, up), 'it may answer yet')
  t.ok(mayReadNew(state, reports, agent => agent === 'e'))
  reports.delete('d')
  t.notOk(
    mayReadNew(state, reports, agent => agent !== 'b'),
    'too many',
  )
})

t.test('old owners are left alone when so many refuse to be read that no quorum is left', async t => {
  const state = changing(rows, [['d', 'b', 'e']], 2)
  const reports = new Map([
    ['a', report(2)],
    ['b', report(1)],
  ])
  t.notOk(mayWriteNew(state, reports))
  t.ok(mayWriteNew(state, new Map([...reports, ['c', report(3)]])), 'two of three')
  const lost = changing(rows, [['d', 'b', 'e']], 2, { lost: ['c'] })
  t.notOk(mayWriteNew(lost, reports))
  t.ok(mayWriteNew(lost, new Map([...reports, ['b', report(2)]])))
})

t.test('what does not change costs nothing', async t => {
  const two = [
    ['a', 'b'],
    ['b', 'a'],
  ]
  t.same(changedPartitions(changing(two, two)), [])
  t.same(
    changedPartitions(
      changing(two, [
        ['a', 'b'],
        ['a', 'b'],
      ]),
    ),
    [1],
  )
  t.same(changedPartitions(changing(two, two, 1, { fresh: ['a'] })), [0, 1])
  t.ok(mayReadNew(changing(two, two), new Map(), up))
  t.ok(mayWriteNew(changing(two, two), new Map()))
})

t.test('how many owners may be away follows from the strictest bucket', async t => {
  const bucket = (replicas: number, readQuorum: number, writeQuorum: number) => ({
    ...{ replicas, readQuorum, writeQuorum },
  })
  t.equal(absentOwnersMax([bucket(3, 2, 2)], 3), 1)
  t.equal(absentOwnersMax([bucket(5, 3, 3)], 5), 2)
  t.equal(absentOwnersMax([bucket(3, 2, 2), bucket(3, 3, 1)], 3), 0, 'one copy may be all there is')
  t.equal(absentOwnersMax([bucket(3, 1, 3)], 3), 0, 'one old owner could answer')
  t.equal(absentOwnersMax([bucket(2, 2, 2)], 3), 0, 'both are a majority of two')
  t.equal(absentOwnersMax([bucket(5, 3, 3)], 3), 1, 'as far as there are owners')
  t.equal(absentOwnersMax([], 1), 0)
})
