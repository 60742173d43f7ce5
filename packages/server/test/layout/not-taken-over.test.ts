import type { Epoch } from '@torc/cluster/ring/epoch'
import { stages } from '@torc/cluster/transition/stage'
import t from 'tap'
import { notTakenOver } from '../../src/layout/not-taken-over.js'

const hash = new Uint8Array(32)

function epoch(number: number, rows: readonly (readonly string[])[], fresh: readonly string[] = []): Epoch {
  const ids = [...new Set(rows.flat())].sort()
  const agents = ids.map(id => ({ id, zone: '', capacity: 1 }))
  const table = { partitions: rows.length, replicas: 3, rows }
  const terms = { absentMax: 1, lost: [], fresh }
  return { number, parentHash: hash, lineage: 'l', agents, table, ...(number > 1 ? { terms } : {}) }
}

const before = epoch(1, [
  ['a', 'b', 'c'],
  ['b', 'c', 'a'],
])
/** `d` has taken the place of `c` in the first partition. */
const now = epoch(2, [
  ['a', 'b', 'd'],
  ['b', 'c', 'a'],
])
const state = { epoch: now, previous: before, stage: stages.settled }
const told = (id: string, left: number) => ({ id, epoch: 2, left })
const silent = (id: string) => ({ id, epoch: 0, left: 0, error: 'agent is not connected' })

t.test('who still takes over is waited for, unless the next layout is without it', async t => {
  t.same(notTakenOver(state, now, [told('d', 1), told('a', 0)]), ['d'])
  t.same(notTakenOver(state, before, [told('d', 1)]), [])
  t.same(notTakenOver(state, epoch(3, now.table.rows, ['d']), [told('d', 1)]), [], 'it begins anew anyway')
})

t.test('who is silent is waited for where it had something to take over', async t => {
  t.same(notTakenOver(state, now, [silent('d')]), ['d'])
  t.same(notTakenOver(state, now, [silent('a'), silent('b'), silent('c')]), [], 'they had it before')
  t.same(
    notTakenOver(state, now, [{ id: 'd', epoch: 1, left: 0 }]),
    ['d'],
    'it does not know this layout yet',
  )
})

t.test(
  'nothing was given by the first layout; of one whose predecessor is unknown all may lack something',
  async t => {
    t.same(notTakenOver({ ...state, epoch: before, previous: undefined }, now, [silent('a')]), [])
    t.same(notTakenOver({ ...state, previous: undefined }, now, [silent('a')]), ['a'])
  },
)

t.test('a place further ahead is something new, for buckets of fewer replicas', async t => {
  const moved = epoch(2, [
    ['b', 'a', 'c'],
    ['b', 'c', 'a'],
  ])
  t.same(notTakenOver({ ...state, epoch: moved }, moved, ['a', 'b', 'c'].map(silent)), ['b'])
})
