import t from 'tap'
import { contextOfDot, emptyContext, joinContexts } from '../../src/clocks/causal-context.js'
import { differenceOf, isLevel, restDeltas } from '../../src/state/difference.js'
import { makeState, mergeStates } from '../../src/state/key-state.js'
import type { Version } from '../../src/state/version.js'
import { actor, opIdOf, version } from '../support/samples.js'

t.test('what is missing, then what is gone, brings a replica level', t => {
  const make = (counter: number): Version =>
    version({ dot: { actor: actor(1), counter }, after: counter - 1, opId: opIdOf(counter) })
  const [a, b, c] = [make(1), make(2), make(3)]
  const contextOf = (...versions: Version[]) =>
    versions.map(({ dot, after }) => contextOfDot(dot, after)).reduce(joinContexts, emptyContext)
  const held = makeState(contextOf(a), [a])
  // Two came, the first was purged.
  const merged = makeState(contextOf(a, b, c), [b, c])
  const difference = differenceOf(merged, held)
  t.strictSame(difference.missing, [b, c])
  t.strictSame(difference.removed, [a.dot])
  let state = held
  for (const one of difference.missing) state = mergeStates(state, makeState(contextOf(one), [one]))
  for (const { context, attributes } of restDeltas(difference))
    state = mergeStates(state, makeState(context, [], attributes))
  t.ok(isLevel(differenceOf(merged, state)))
  t.strictSame(restDeltas(differenceOf(merged, state)), [])
  t.end()
})
