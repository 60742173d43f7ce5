import fc from 'fast-check'
import t from 'tap'
import {
  actorsOf,
  addDot,
  type CausalContext,
  contextOfDot,
  contextOfDots,
  contextOfExactDot,
  contextOfIntervals,
  contextsEqual,
  contextsOverlap,
  covers,
  emptyContext,
  highestCounter,
  intersectContexts,
  intervalsOf,
  isEmptyContext,
  isSubset,
  joinContexts,
  subtractContexts,
  vectorPairs,
} from '../../src/clocks/causal-context.js'
import { type ActorId, type Dot, dotText } from '../../src/clocks/dot.js'
import { runs } from '../support/runs.js'
import { actor, contexts } from '../support/samples.js'

/** Every counter that the generated contexts can reach. */
const everyDot: Dot[] = []
for (let n = 0; n < 4; n++)
  for (let counter = 1; counter <= 30; counter++) everyDot.push({ actor: actor(n), counter })

function eventsOf(context: CausalContext): Set<string> {
  return new Set(everyDot.filter(dot => covers(context, dot)).map(dotText))
}

function expectEvents(context: CausalContext, expected: (name: string) => boolean): void {
  for (const dot of everyDot) {
    if (covers(context, dot) !== expected(dotText(dot))) throw new Error(`${dotText(dot)} is wrong`)
  }
  expectOneForm(context)
}

/** Intervals are sorted and apart, nothing is empty, and what begins at 0 is in the vector. */
function expectOneForm(context: CausalContext): void {
  for (const reached of context.vector.values()) if (reached < 1) throw new Error('an empty entry')
  for (const [id, intervals] of context.cloud) {
    let last = context.vector.get(id) ?? 0
    if (intervals.length === 0) throw new Error('an empty cloud')
    for (const [after, upTo] of intervals) {
      if (after <= last || upTo <= after) throw new Error('intervals touch or are out of order')
      last = upTo
    }
  }
}

t.test('operations are those of sets', async () => {
  fc.assert(
    fc.property(contexts, contexts, (a, b) => {
      const [as, bs] = [eventsOf(a), eventsOf(b)]
      expectEvents(joinContexts(a, b), name => as.has(name) || bs.has(name))
      expectEvents(intersectContexts(a, b), name => as.has(name) && bs.has(name))
      expectEvents(subtractContexts(a, b), name => as.has(name) && !bs.has(name))
      const subset = [...as].every(name => bs.has(name))
      if (isSubset(a, b) !== subset) throw new Error('isSubset')
      if (contextsEqual(a, b) !== (subset && as.size === bs.size)) throw new Error('contextsEqual')
      if (contextsOverlap(a, b) !== [...as].some(name => bs.has(name))) throw new Error('contextsOverlap')
      if (isEmptyContext(a) !== (as.size === 0)) throw new Error('isEmptyContext')
      expectEvents(contextOfDots(everyDot.filter(dot => as.has(dotText(dot)))), name => as.has(name))
      expectEvents(contextOfIntervals([...actorsOf(a)].map(id => [id, intervalsOf(a, id)])), name =>
        as.has(name),
      )
    }),
    runs(3_000),
  )
})

t.test('adding a dot adds what lies between it and `after`, whatever came before', async () => {
  const additions = fc.record({ n: fc.nat(3), after: fc.nat(20), length: fc.integer({ min: 1, max: 6 }) })
  fc.assert(
    fc.property(contexts, additions, (context, { n, after, length }) => {
      const dot = { actor: actor(n), counter: after + length }
      const before = eventsOf(context)
      const added = (name: string) => {
        for (let counter = after + 1; counter <= dot.counter; counter++) {
          if (dotText({ actor: dot.actor, counter }) === name) return true
        }
        return before.has(name)
      }
      // A vector that is past the dot covers the interval; one that covers the dot alone gains the rest.
      expectEvents(addDot(context, dot, after), added)
      expectEvents(joinContexts(context, contextOfDot(dot, after)), added)
      let highest = 0
      for (const other of everyDot) {
        if (other.actor === dot.actor && covers(context, other)) highest = other.counter
      }
      if (highestCounter(context, dot.actor) !== highest) throw new Error('highestCounter')
    }),
    runs(3_000),
  )
})

t.test('join returns its argument where nothing is new', async t => {
  const a = contextOfDot({ actor: actor(1), counter: 5 }, 0)
  const b = contextOfDot({ actor: actor(1), counter: 3 }, 0)
  t.equal(joinContexts(a, b), a)
  t.equal(joinContexts(b, a), a)
  t.equal(joinContexts(a, emptyContext), a)
  t.equal(addDot(a, { actor: actor(1), counter: 4 }, 0), a)
})

t.test('the vector advances when it reaches `after`; gaps wait; touching intervals merge', async t => {
  const dot = (counter: number): Dot => ({ actor: actor(1), counter })
  let context = contextOfDot(dot(4), 0)
  context = addDot(context, dot(9), 4)
  t.same([...context.vector], [[actor(1), 9]])
  context = addDot(context, dot(20), 15)
  context = addDot(context, dot(25), 20)
  t.same(context.cloud.get(actor(1)), [[15, 25]])
  context = addDot(context, dot(15), 9)
  t.same([...context.vector], [[actor(1), 25]])
  t.equal(context.cloud.size, 0)
  const exact = contextOfExactDot(dot(7))
  t.notOk(covers(exact, dot(6)))
  t.ok(covers(exact, dot(7)))
  t.notOk(covers(exact, dot(8)))
})

t.test('what people read is sorted by actor', async t => {
  let context = emptyContext
  for (const n of [3, 1, 2]) context = addDot(context, { actor: actor(n), counter: n }, 0)
  const actors = vectorPairs(context).map(([id]): ActorId => id)
  t.same(actors, [...actors].sort())
})
