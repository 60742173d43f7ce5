import t from 'tap'
import { OwnerTables } from '../../src/transition/owner-tables.js'
import { compareStaged, stageOf } from '../../src/transition/stage.js'
import { changing, epochOf } from './layouts.js'

const before = [
  ['a', 'b', 'c'],
  ['b', 'c', 'a'],
]
const after = [
  ['d', 'b', 'a'],
  ['b', 'c', 'a'],
]

t.test('old owners are read first, then new ones; both are written to until it is settled', async t => {
  const first = new OwnerTables(changing(before, after, 1))
  t.same(first.readOwners(0), ['a', 'b', 'c'])
  t.same(first.writeGroups(0), [
    ['a', 'b', 'c'],
    ['d', 'b', 'a'],
  ])
  t.same(first.writeOwners(0), ['a', 'b', 'c', 'd'])
  const second = new OwnerTables(changing(before, after, 2))
  t.same(second.readOwners(0), ['d', 'b', 'a'])
  t.same(second.writeOwners(0), ['d', 'b', 'a', 'c'])
  const settled = new OwnerTables(changing(before, after, 3))
  t.ok(settled.isSettled)
  t.same(settled.writeGroups(0), [['d', 'b', 'a']])
  t.same(settled.oldOwners(0), [])
})

t.test('a partition that stays has one group of owners', async t => {
  t.same(new OwnerTables(changing(before, after)).writeGroups(1), [['b', 'c', 'a']])
  // In another order they are the same owners, for all but buckets of fewer replicas.
  const reordered = new OwnerTables(changing([['a', 'b', 'c']], [['c', 'b', 'a']]))
  t.same(reordered.writeGroups(0), [['a', 'b', 'c']])
  t.same(reordered.writeGroups(0, 1), [['a'], ['c']])
  t.equal(reordered.placeOf(0, 'c'), 0, 'the better place counts')
  t.equal(reordered.placeOf(0, 'z'), -1)
  t.equal(new OwnerTables(changing(before, after)).placeOf(0, 'd'), 0)
})

t.test('a change needs both halves', async t => {
  const epoch = epochOf(2, after)
  t.throws(() => new OwnerTables({ epoch, previous: undefined, stage: 1 }), { code: 'CORRUPT' })
  t.throws(() => new OwnerTables({ epoch, previous: epochOf(2, before), stage: 2 }), { code: 'CORRUPT' })
  t.same(new OwnerTables({ epoch, previous: undefined, stage: 3 }).readOwners(0), ['d', 'b', 'a'])
})

t.test('stages follow each other within a layout', async t => {
  t.ok(compareStaged({ number: 2, stage: 1 }, { number: 1, stage: 3 }) > 0)
  t.ok(compareStaged({ number: 2, stage: 1 }, { number: 2, stage: 2 }) < 0)
  t.same([1, 2, 3].map(stageOf), [1, 2, 3])
})
