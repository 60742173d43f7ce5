import fc from 'fast-check'
import t from 'tap'
import {
  contextOfDot,
  contextOfExactDot,
  covers,
  emptyContext,
  joinContexts,
} from '../../src/clocks/causal-context.js'
import { parentsOf } from '../../src/state/history.js'
import { closedContext, mergeStates } from '../../src/state/key-state.js'
import { compareVersions, type Version } from '../../src/state/version.js'
import { take } from '../support/history-steps.js'
import { longHistories } from '../support/long-history.js'
import { Replicas } from '../support/replicas.js'
import { runs } from '../support/runs.js'
import { actor, opIdOf, version } from '../support/samples.js'

const newestFirst = (versions: Iterable<Version>) => [...versions].sort(compareVersions)

/** By the words: covered by the version, and by no other that it covers. */
function parentsByRule(of: Version, all: readonly Version[]): string[] {
  const below = all.filter(one => covers(of.context, one.dot))
  return below
    .filter(one => !below.some(other => other !== one && covers(other.context, one.dot)))
    .map(one => one.id)
}

t.test('parents are what a version covers directly', async t => {
  const dot = (n: number, counter: number) => ({ actor: actor(n), counter })
  const first = version({ dot: dot(1, 1), createdAt: 10, opId: opIdOf(1), id: 'first' })
  const over = contextOfDot(first.dot, 0)
  const left = version({ dot: dot(1, 2), after: 1, createdAt: 20, context: over, id: 'left' })
  const right = version({ dot: dot(2, 1), createdAt: 25, context: over, id: 'right' })
  const both = joinContexts(contextOfDot(left.dot, 0), contextOfDot(right.dot, 0))
  const merged = version({ dot: dot(2, 2), after: 1, createdAt: 30, context: both, id: 'merged' })
  const parents = parentsOf([merged, right, left, first])
  t.same(
    [...parents],
    [
      ['merged', ['right', 'left']],
      ['right', ['first']],
      ['left', ['first']],
      ['first', []],
    ],
  )
  // Without what was pruned between, the grandparents are the parents.
  t.same(parentsOf([merged, first]).get('merged'), ['first'])
})

t.test('two dots of one operation are one version in the picture', async t => {
  const base = version({ dot: { actor: actor(1), counter: 1 }, createdAt: 5, id: 'base' })
  const twin = (n: number, createdAt: number) =>
    version({
      dot: { actor: actor(n), counter: 1 },
      createdAt,
      id: 'twin',
      context: contextOfDot(base.dot, 0),
    })
  const [one, two] = [twin(2, 20), twin(3, 10)]
  const over = version({
    dot: { actor: actor(4), counter: 1 },
    createdAt: 30,
    id: 'over',
    context: joinContexts(contextOfDot(one.dot, 0), contextOfDot(two.dot, 0)),
  })
  const parents = parentsOf([over, one, two, base])
  t.same(parents.get('over'), ['twin'])
  t.same(parents.get('twin'), ['base'])
  t.equal(parents.size, 3)
})

t.test('random histories: as the rule says', async () => {
  const steps = fc.array(
    fc.record({
      kind: fc.constantFrom(
        'put' as const,
        'putAfterRead' as const,
        'putWithToken' as const,
        'take' as const,
        'deliver' as const,
        'merge' as const,
        'remove' as const,
        'newActor' as const,
      ),
      agent: fc.nat(3),
      other: fc.nat(3),
      pick: fc.nat(250),
      skip: fc.integer({ min: 1, max: 3 }),
      isNull: fc.boolean(),
    }),
    { minLength: 5, maxLength: 40, size: 'max' },
  )
  fc.assert(
    fc.property(steps, all => {
      const replicas = new Replicas(4)
      for (const step of all) take(replicas, step)
      const state = replicas.agents.map(at => at.state).reduce(mergeStates)
      const versions = newestFirst(state.versions.values())
      const parents = parentsOf(versions)
      for (const one of versions) {
        const expected = parentsByRule(one, versions).sort().join()
        const found = [...(parents.get(one.id) ?? [])].sort().join()
        if (found !== expected) throw new Error(`${one.id} has parents ${found}, not ${expected}`)
      }
    }),
    runs(500),
  )
})

t.test('clocks that ran backwards do not make a grandparent a parent', async t => {
  const dot = (n: number) => ({ actor: actor(n), counter: 1 })
  const old = version({ dot: dot(1), createdAt: 90, id: 'old' })
  const mid = version({ dot: dot(2), createdAt: 50, context: contextOfExactDot(old.dot), id: 'mid' })
  const all = joinContexts(contextOfExactDot(old.dot), contextOfExactDot(mid.dot))
  const top = version({ dot: dot(3), createdAt: 99, context: all, id: 'top' })
  t.same(parentsOf(newestFirst([old, mid, top])).get('top'), ['mid'])
})

t.test('a history of 10,000 versions in a row, and a fan of 512 siblings resolved', async t => {
  const [long] = longHistories(10_000, 1)
  const row = newestFirst(long?.versions.values() ?? [])
  const parents = parentsOf(row)
  t.equal(parents.size, 10_000)
  for (const [i, { id }] of row.entries()) {
    const below = row[i + 1]
    if (parents.get(id)?.join() !== (below?.id ?? '')) throw new Error(`${id} at ${i}`)
  }
  const replicas = new Replicas(1)
  const at = replicas.agent(0)
  const stale = replicas.tokenOf(emptyContext, [])
  for (let n = 0; n < 512; n++) replicas.mint(at, { cover: stale, exact: true })
  const resolved = replicas.mint(at)
  t.ok(covers(closedContext(at.state), resolved.dot))
  t.equal(parentsOf(newestFirst(at.state.versions.values())).get(resolved.id)?.length, 512)
})
