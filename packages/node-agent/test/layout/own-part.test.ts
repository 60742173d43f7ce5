import { type Epoch, firstParentHash, type TransitionTerms } from '@torc/cluster/ring/epoch'
import t from 'tap'
import { lackingOf, noPart, nothingHeld, type OwnPart, partUnder } from '../../src/layout/own-part.js'

type Rows = readonly (readonly string[])[]

function epochOf(number: number, rows: Rows, terms: Partial<TransitionTerms> = {}): Epoch {
  const agents = [...new Set(rows.flat())].sort().map(id => ({ id, zone: '', capacity: 1 }))
  return {
    ...{ number, parentHash: firstParentHash, lineage: 'test', agents },
    table: { partitions: rows.length, replicas: 3, rows },
    terms: { absentMax: 1, lost: [], fresh: [], ...terms },
  }
}

/** The part of agent `a` under layouts that follow each other. */
function after(...layouts: readonly [Rows, Partial<TransitionTerms>?][]): OwnPart {
  let part = noPart
  let previous: Epoch | undefined
  for (const [i, [rows, terms]] of layouts.entries()) {
    const epoch = epochOf(i + 1, rows, terms)
    part = partUnder(part, { epoch, previous, stage: i === 0 ? 3 : 1 }, 'a')
    previous = epoch
  }
  return part
}

const first: Rows = [
  ['a', 'b', 'c'],
  ['b', 'c', 'd'],
]

t.test('in a first layout there is nothing to take over', async t => {
  const { unsynced, leftovers, draining } = after([first])
  t.same([unsynced.size, leftovers.size, draining.size], [0, 0, 0])
})

t.test('what comes is taken over, what goes is handed over, what stays costs nothing', async t => {
  const part = after(
    [first],
    [
      [
        ['d', 'b', 'c'],
        ['b', 'c', 'a'],
      ],
    ],
  )
  t.same([...part.unsynced], [[1, nothingHeld]])
  t.same([...part.leftovers], [0])
  t.same([...part.draining].sort(), ['a', 'd'])
  const back = after(
    [first],
    [
      [
        ['d', 'b', 'c'],
        ['b', 'c', 'a'],
      ],
    ],
    [first],
  )
  t.same([...back.unsynced], [[0, nothingHeld]], 'it counts as new, whatever is left of it')
  t.same([...back.leftovers], [1])
})

t.test('a better place counts for buckets of fewer replicas only', async t => {
  const part = after([[['b', 'c', 'a']]], [[['a', 'b', 'c']]])
  t.same([...part.unsynced], [[0, 2]], 'it has what more than two owners hold')
  t.same([...after([[['a', 'b', 'c']]], [[['b', 'c', 'a']]]).leftovers], [0])
})

t.test('what was not taken over before is not because of another layout', async t => {
  const rows: Rows = [['a', 'b', 'c']]
  const part = after([[['b', 'c', 'd']]], [rows], [rows])
  t.same([...part.unsynced], [[0, nothingHeld]])
})

t.test('an agent that skipped a layout, or begins with a later one, counts as new', async t => {
  const skipped = partUnder(
    after([first]),
    { epoch: epochOf(3, first), previous: epochOf(2, first), stage: 3 },
    'a',
  )
  t.same([...skipped.unsynced], [[0, nothingHeld]])
  t.ok(skipped.draining.has('d'), 'nobody knows what the one between relieved')
  const late = partUnder(noPart, { epoch: epochOf(2, first), previous: epochOf(1, first), stage: 1 }, 'a')
  t.same([...late.unsynced], [[0, nothingHeld]])
})

t.test('an old copy comes back by a later layout that counts it as empty', async t => {
  const restored = { epoch: 1, reason: 'why' }
  const part = { ...after([first]), restored }
  const next = (terms?: Partial<TransitionTerms>) =>
    partUnder(part, { epoch: epochOf(2, first, terms), previous: epochOf(1, first), stage: 1 }, 'a')
  t.equal(next().restored, restored)
  const taken = next({ fresh: ['a'] })
  t.equal(taken.restored, restored, 'until it has forgotten what it has')
  t.same([...taken.unsynced], [[0, nothingHeld]])
  t.same([...next({ lost: ['a'] }).draining], [])
})

t.test('an agent that a layout gave up takes no part, and hands nothing over', async t => {
  const gone = after(
    [first],
    [
      [
        ['d', 'b', 'c'],
        ['b', 'c', 'd'],
      ],
      { lost: ['a'] },
    ],
  )
  t.match(gone.restored, { epoch: 2, reason: /layout 2 gave this agent up/ })
  t.same([gone.unsynced.size, gone.leftovers.size], [0, 0])
})

t.test('an owner that lacks what it should have is no source; one that gets a better place is', async t => {
  t.same(lackingOf(after([[['b', 'c', 'a']]], [[['a', 'b', 'c']]]), 'a'), [])
  const late = after([[['b', 'c', 'd']]], [[['a', 'b', 'c']]], [[['a', 'b', 'd']]])
  t.same(lackingOf(late, 'a'), [0], 'it owned it by the layout before, and had not taken it over')
  t.same(lackingOf(after([[['b', 'c', 'd']]], [[['a', 'b', 'c']]]), 'a'), [])
})
