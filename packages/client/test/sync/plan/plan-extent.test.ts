import t from 'tap'
import { inStages } from '../../../src/sync/plan/order.js'
import { planNames } from '../../../src/sync/plan/plan.js'
import type { Plan } from '../../../src/sync/plan/step.js'
import type { TreeWorldOptions } from '../../../src/sync/trees/world.js'
import { stepText } from './step-text.js'
import { namesIn, type WorldText, worldOf } from './world-text.js'

function told({ steps }: Plan): string[] {
  return steps.map(stepText)
}

function planFor(names: readonly string[], texts: WorldText, options?: TreeWorldOptions): Plan {
  return planNames(names, worldOf(texts, options))
}

t.test('only the names that are asked for, and those that hang on them', async t => {
  const folder = { here: '', store: 'd/ d/a=1 d/b=2 e=3', synced: 'd/ d/a=1 d/b=2 e=3' }
  t.same(told(planFor(['d/a'], folder)), [
    'remove d/a in the store, over v1 (deleted here)',
    'remove d/b in the store, over v2 (deleted here)',
    'remove d/ in the store, over v/ (deleted here)',
  ])
  t.same(told(planFor(['e'], folder)), ['remove e in the store, over v3 (deleted here)'])
  const there = { here: folder.store, store: 'e=3', synced: folder.synced }
  t.equal(planFor(['d/'], there).steps.length, 3)
  const news = { here: 'a=1 b=2', store: 'c=3', synced: '' }
  t.same(told(planFor(['b'], news)), ['upload b (new here)'])
  t.same(planFor([], news), { steps: [], waiting: [], problems: [] })
})

t.test('when a twin goes, the other one and what is below it come in the same plan', async t => {
  const texts = { here: 'D/ D/a=1 d/ d/b=2', store: '', synced: 'D/ D/a=1' }
  t.same(told(planFor(['D/a'], texts)), [
    'upload d/ (new here)',
    'upload d/b (new here)',
    'remove D/a here (deleted in the store)',
    'remove D/ here (deleted in the store)',
  ])
  const stays = planFor(['d/b'], { ...texts, store: 'D/ D/a=1' })
  t.same([stays.steps, stays.waiting], [[], ['d/', 'd/b']])
  t.same(
    stays.problems.map(({ name }) => name),
    ['d/'],
    'told once, of the folder',
  )
})

t.test('ignored names are left alone, and forgotten', async t => {
  const options = { ignored: (name: string) => name.endsWith('.o') || name.startsWith('out/') }
  const texts = {
    here: 'a.o=1 b=1',
    store: 'b.o=2 c.o=3 out/ out/x=1 d/e.o=1 b=1',
    synced: 'b.o=2 c.o=9 gone.o=1 b=1',
  }
  const plan = planFor(namesIn(texts), texts, options)
  t.same(told(plan), ['forget b.o (ignored)', 'forget c.o (ignored)', 'forget gone.o (ignored)'])
  t.same([plan.waiting, plan.problems], [[], []])
  const below = { here: '', store: 'd/ d/e.o=1', synced: 'd/' }
  t.same(told(planFor(['d/'], below, options)), ['remove d/ in the store, over v/ (deleted here)'])
})

t.test('what could not be looked at is neither there nor gone', async t => {
  const world = worldOf({ here: 'd/ e/', store: 'd/ d/x=2 a=2', synced: 'd/ d/x=1 e/ a=1' })
  world.setUnseen(['d/x', 'e/f/', 'a'])
  const names = ['d/', 'd/x', 'e/', 'e/f/g', 'a']
  t.same(told(planNames(names, world)), [
    'upload e/, over v/ (deleted in the store, but there are new things in it)',
  ])
  world.setUnseen([])
  t.equal(planNames(names, world).steps.length, 3)
  const blocked = worldOf({ here: '', store: 'a/ a/b=1', synced: '' })
  blocked.setUnseen(['a'])
  t.same(planNames(['a/b'], blocked), { steps: [], waiting: ['a/', 'a/b'], problems: [] })
})

t.test('a prefix leaves less of a key', async t => {
  const world = worldOf({ here: 'long=1', store: 'other=1|2', synced: '' })
  const { steps, problems } = planNames(['long', 'other'], world, { nameBytesMax: 3 })
  t.same(steps, [])
  t.same(
    problems.map(({ name }) => name),
    ['long', 'other'],
  )
})

t.test('steps of one stage do not need each other', async t => {
  const texts = { here: 'd/ d/e/ d/e/a=1 d/b=2 f=1', store: 'g/ g/h/ g/h/i=5', synced: 'f=1' }
  const stages = inStages(planFor(namesIn(texts), texts).steps)
  t.same(
    stages.map(stage => stage.map(({ name }) => name)),
    [['d/', 'g/'], ['d/e/', 'g/h/'], ['d/b', 'd/e/a', 'g/h/i'], ['f']],
  )
  t.same(inStages([]), [])
})

t.test('what is noted covers what is the same here, and no other head', async t => {
  const tokens: Record<string, string | undefined> = {}
  for (const [what, store, synced] of [
    ['new on both sides', 'a=2', ''],
    ['edited on both sides', 'a=2', 'a=1'],
    ['equal heads', 'a=2|2@v3', 'a=1'],
    ['one of those that conflict', 'a=2|3', 'a=1'],
    ['one of those that conflict, new here', 'a=2|3', ''],
    ['beside a marker', 'a=2|-', 'a=1'],
  ] as const) {
    const { steps } = planFor(['a'], { here: 'a=2', store, synced })
    const [step] = steps
    tokens[what] = step?.does === 'adopt' ? step.synced.context : step?.does
  }
  t.same(tokens, {
    'new on both sides': 'v2',
    'edited on both sides': 'v2',
    'equal heads': 'v2+v3',
    'one of those that conflict': 'v1',
    'one of those that conflict, new here': '',
    'beside a marker': 'v1',
  })
})
