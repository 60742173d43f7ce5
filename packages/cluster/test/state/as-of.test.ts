import t from 'tap'
import {
  contextOfDot,
  contextOfExactDot,
  emptyContext,
  joinContexts,
} from '../../src/clocks/causal-context.js'
import { headsAsOf } from '../../src/state/as-of.js'
import type { Version } from '../../src/state/version.js'
import { actor, opIdOf, version } from '../support/samples.js'

/** `first` at 10, `second` over it at 20, `sibling` of both at 25, `merged` over all at 30. */
function history(): Record<'first' | 'second' | 'sibling' | 'merged', Version> {
  const dot = (n: number, counter: number) => ({ actor: actor(n), counter })
  const first = version({ dot: dot(1, 1), createdAt: 10, opId: opIdOf(1) })
  const second = version({
    dot: dot(1, 2),
    after: 1,
    createdAt: 20,
    context: contextOfDot(first.dot, 0),
    opId: opIdOf(2),
  })
  const sibling = version({ dot: dot(2, 1), createdAt: 25, context: emptyContext, opId: opIdOf(3) })
  const merged = version({
    dot: dot(2, 2),
    after: 1,
    createdAt: 30,
    context: joinContexts(contextOfDot(second.dot, 0), contextOfDot(sibling.dot, 0)),
    opId: opIdOf(4),
  })
  return { first, second, sibling, merged }
}

const ids = (versions: readonly Version[]) => versions.map(one => one.id)

t.test('heads are judged on what there was then', async t => {
  const { first, second, sibling, merged } = history()
  const all = [first, second, sibling, merged]
  t.same(headsAsOf(all, 9).heads, [])
  t.same(ids(headsAsOf(all, 10).heads), ids([first]))
  t.same(ids(headsAsOf(all, 20).heads), ids([second]))
  t.same(ids(headsAsOf(all, 29).heads), ids([sibling, second]), 'newest first')
  t.same(ids(headsAsOf(all, 30).heads), ids([merged]))
  for (const at of [9, 10, 29, 30]) t.equal(headsAsOf(all, at).coverAll, true)
})

t.test('without what was removed since, what it covered is a head again', async t => {
  const { first, sibling, merged } = history()
  t.same(ids(headsAsOf([first, sibling, merged], 20).heads), ids([first]))
})

t.test('heads that cover less than what lies below them are told', async t => {
  const { first, second } = history()
  // It covers no more than the dot of `second`, so losing `second` would make `first` a head.
  const open = version({
    dot: { actor: actor(3), counter: 1 },
    createdAt: 40,
    context: contextOfExactDot(second.dot),
    opId: opIdOf(5),
  })
  const judged = headsAsOf([first, second, open], 40)
  t.same(ids(judged.heads), ids([open]))
  t.equal(judged.coverAll, false)
  t.equal(headsAsOf([first, second, open], 39).coverAll, true)
})
