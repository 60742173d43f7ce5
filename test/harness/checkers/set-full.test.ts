import fc from 'fast-check'
import t from 'tap'
import { checkSet, type SetCall, type SetChange } from './set-full.js'

const change = (
  kind: SetChange['kind'],
  element: string,
  calledAt: number,
  result: SetChange['result'] = 'ok',
): SetCall => ({ kind, element, calledAt, returnedAt: calledAt + 1, result })
const read = (elements: readonly string[], calledAt: number, final = true): SetCall => {
  return { kind: 'read', elements, calledAt, returnedAt: calledAt + 1, final }
}

t.test('what a set may show', async t => {
  const cases: [string, SetCall[]][] = [
    ['nothing happened', []],
    ['added and there', [change('add', 'a', 1), read(['a'], 10), read(['a'], 12)]],
    ['removed and away', [change('add', 'a', 1), change('remove', 'a', 3), read([], 10)]],
    ['an addition of which nobody heard: there', [change('add', 'a', 1, 'unknown'), read(['a'], 10)]],
    ['an addition of which nobody heard: not there', [change('add', 'a', 1, 'unknown'), read([], 10)]],
    ['one that failed for sure', [change('add', 'a', 1, 'failed'), read([], 10)]],
    [
      'a removal of which nobody heard: there',
      [change('add', 'a', 1), change('remove', 'a', 3, 'unknown'), read(['a'], 10)],
    ],
    [
      'a removal of which nobody heard: away',
      [change('add', 'a', 1), change('remove', 'a', 3, 'unknown'), read([], 10)],
    ],
    ['a read during faults that is behind', [change('add', 'a', 1), read([], 4, false), read(['a'], 10)]],
    [
      'added between two final reads',
      [read([], 1), change('add', 'a', 3), read(['a'], 10), change('remove', 'a', 13), read([], 20)],
    ],
  ]
  for (const [name, history] of cases) t.strictSame(checkSet(history).wrong, [], name)
  t.equal(checkSet([change('add', 'a', 1), read([], 4, false), read(['a'], 10)]).stale, 1)
})

t.test('what no set shows', async t => {
  const cases: [string, SetCall[], string][] = [
    ['an element is lost', [change('add', 'a', 1), change('add', 'b', 3), read(['b'], 10)], 'lost'],
    ['the second final read lacks it', [change('add', 'a', 1), read(['a'], 10), read([], 12)], 'lost'],
    [
      'lost though its removal failed for sure',
      [change('add', 'a', 1), change('remove', 'a', 3, 'failed'), read([], 10)],
      'lost',
    ],
    [
      'seen once, though its writer heard nothing',
      [change('add', 'a', 1, 'unknown'), read(['a'], 4, false), read([], 10)],
      'lost',
    ],
    [
      'a removed element is back',
      [change('add', 'a', 1), change('remove', 'a', 3), read(['a'], 10)],
      'resurrected',
    ],
    [
      'back at the second look',
      [change('add', 'a', 1), change('remove', 'a', 3), read([], 10), read(['a'], 12)],
      'resurrected',
    ],
    [
      'final reads that differ on what nobody knows',
      [change('add', 'a', 1, 'unknown'), read([], 10), read(['a'], 12)],
      'unsettled',
    ],
    [
      'a removal that nobody heard of, half done',
      [change('add', 'a', 1), change('remove', 'a', 3, 'unknown'), read(['a'], 10), read([], 12)],
      'unsettled',
    ],
    ['never read', [change('add', 'a', 1)], 'unread'],
    ['read by nobody after the end', [change('add', 'a', 1), read(['a'], 4, false)], 'unread'],
    ['read before it was added', [read([], 1), change('add', 'a', 4)], 'unread'],
    ['an element out of nowhere', [read(['a'], 10)], 'phantom'],
    ['shown before it was added', [read(['a'], 1, false), change('add', 'a', 4), read(['a'], 10)], 'phantom'],
    ['refused, and there', [change('add', 'a', 1, 'failed'), read(['a'], 10)], 'phantom'],
    ['shown twice', [change('add', 'a', 1), read(['a', 'a'], 10)], 'doubled'],
  ]
  for (const [name, history, problem] of cases) {
    t.strictSame(checkSet(history).wrong, [{ element: 'a', problem }], name)
  }
})

t.test('says how many elements it checked', async t => {
  const history = [
    ...[change('add', 'a', 1), change('add', 'b', 3), change('remove', 'b', 5)],
    ...[change('add', 'c', 7, 'unknown'), change('add', 'd', 9, 'unknown'), read(['a', 'd'], 12)],
  ]
  t.match(checkSet(history), { elements: 4, present: 2, removed: 1, undecided: 1, wrong: [] })
})

/** Calls at a set that does as it is told; of some the caller hears nothing. */
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('add' as const, 'remove' as const, 'read' as const),
    which: fc.nat(50),
    heard: fc.boolean(),
    done: fc.boolean(),
  }),
  { maxLength: 40 },
)

t.test('a set that keeps its promises passes, and one changed element fails', async t => {
  let changed = 0
  fc.assert(
    fc.property(steps, fc.nat(1000), (drawn, choice) => {
      const there = new Set<string>()
      /** Added, and nothing that was done since can have taken them. */
      const surely = new Set<string>()
      const added: string[] = []
      const history: SetCall[] = []
      for (const [i, { kind, which, heard, done }] of drawn.entries()) {
        const calledAt = i * 10
        const victim = added[which % Math.max(1, added.length)]
        if (kind === 'read') history.push(read([...there], calledAt, false))
        else if (kind === 'remove' && victim !== undefined) {
          if (heard || done) there.delete(victim)
          surely.delete(victim)
          history.push(change('remove', victim, calledAt, heard ? 'ok' : 'unknown'))
        } else if (kind === 'add') {
          const element = `e${i}`
          added.push(element)
          if (heard || done) there.add(element)
          if (heard) surely.add(element)
          history.push(change('add', element, calledAt, heard ? 'ok' : 'unknown'))
        }
      }
      const end = drawn.length * 10
      if (checkSet([...history, read([...there], end)]).wrong.length > 0) return false
      const victim = [...surely][choice % Math.max(1, surely.size)]
      if (victim === undefined) return true
      changed++
      const without = [...there].filter(element => element !== victim)
      const lost = checkSet([...history, read(without, end)])
      const back = checkSet([...history, change('remove', victim, end), read([...there], end + 10)])
      return (
        lost.wrong.some(({ element, problem }) => element === victim && problem === 'lost') &&
        back.wrong.some(({ element, problem }) => element === victim && problem === 'resurrected')
      )
    }),
    { numRuns: 1000 },
  )
  t.ok(changed > 150, `${changed} histories were changed`)
})
