import { type Epoch, firstParentHash } from '@torc/cluster/ring/epoch'
import { assignTable } from '@torc/cluster/ring/table'
import { validateTable } from '@torc/cluster/ring/validate'
import t from 'tap'
import { notRecovered, planRecovery } from '../../src/layout/plan-recovery.js'

const agents = ['a', 'b', 'c', 'd', 'e'].map(id => ({ id, zone: '', capacity: 1 }))
const current: Epoch = {
  ...{ number: 4, parentHash: firstParentHash, lineage: 'first', agents },
  table: assignTable(agents, { partitions: 64, replicas: 3 }),
  terms: { absentMax: 1, lost: ['z'], fresh: [] },
}
const recover = (...alive: string[]) =>
  planRecovery(current, { parentHash: firstParentHash, lineage: 'second', isAlive: id => alive.includes(id) })

t.test('a layout begins anew with the agents that are left, and gives up all others', async t => {
  const { epoch, gone, orphaned, thinned } = recover('a', 'b')
  t.match(epoch, {
    number: 5,
    lineage: 'second',
    terms: { absentMax: 0, lost: ['c', 'd', 'e', 'z'], fresh: [] },
  })
  t.same(gone, ['c', 'd', 'e'])
  t.same(
    epoch.agents.map(({ id }) => id),
    ['a', 'b'],
  )
  t.same(validateTable(epoch.table, epoch.agents).problems, [])
  t.ok(orphaned > 0 && thinned >= orphaned && thinned <= 64)
  const told = notRecovered(recover('a', 'b'))
  t.match(told, { code: 'BAD_REQUEST', hint: /layout recover --yes/ })
  t.match(told.message, new RegExp(`gives up c, d, e.* Of ${orphaned} of 64 partitions no owner is left`))
})

t.test('where a majority is there, or nobody, there is nothing to recover', async t => {
  t.throws(() => recover('a', 'b', 'c'), { code: 'BAD_REQUEST', hint: /--dead/ })
  t.throws(() => recover(), { code: 'UNAVAILABLE' })
})
