import t from 'tap'
import { planNames } from '../../../src/sync/plan/plan.js'
import { tooManyDeletes } from '../../../src/sync/plan/safety.js'
import { namesIn, type WorldText, worldOf } from './world-text.js'

function asked(texts: WorldText): ReturnType<typeof tooManyDeletes> {
  const world = worldOf(texts)
  return tooManyDeletes(planNames(namesIn(texts), world), world)
}

/** Files `0=x0` and so on, all different. */
function files(from: number, to: number, folder = ''): string {
  return Array.from({ length: to - from }, (_, at) => `${folder}${from + at}=x${from + at}`).join(' ')
}

t.test('more than half, and at least ten', async t => {
  const all = files(0, 20)
  t.equal(asked({ here: files(10, 20), store: all, synced: all }), undefined, 'half')
  const many = { side: 'remote', deletes: 11, of: 20 }
  t.same(asked({ here: files(11, 20), store: all, synced: all }), many)
  t.same(asked({ here: all, store: files(11, 20), synced: all }), { ...many, side: 'local' })
  const few = files(0, 12)
  t.equal(asked({ here: files(9, 12), store: few, synced: few }), undefined, 'nine of twelve')
})

t.test('all, and at least two', async t => {
  const two = files(0, 2)
  t.same(asked({ here: '', store: two, synced: two }), { side: 'remote', deletes: 2, of: 2 })
  t.same(asked({ here: two, store: '', synced: two }), { side: 'local', deletes: 2, of: 2 })
  t.same(asked({ here: 'new=1', store: two, synced: two }), { side: 'remote', deletes: 2, of: 2 })
  t.equal(asked({ here: '', store: 'a=1', synced: 'a=1' }), undefined, 'the only one')
  t.equal(asked({ here: '', store: '', synced: two }), undefined, 'gone from both sides')
})

t.test('folders do not count, their files do', async t => {
  const folders = Array.from({ length: 30 }, (_, at) => `d${at}/`).join(' ')
  t.equal(asked({ here: '', store: folders, synced: folders }), undefined)
  const all = `d/ ${files(0, 12, 'd/')}`
  t.same(asked({ here: '', store: all, synced: all }), { side: 'remote', deletes: 12, of: 12 })
})

t.test('a move deletes nothing, on either side, even where all bytes are the same', async t => {
  const before = `d/ ${files(0, 30, 'd/')}`
  const after = `e/ ${files(0, 30, 'e/')}`
  t.equal(asked({ here: after, store: before, synced: before }), undefined)
  t.equal(asked({ here: before, store: after, synced: before }), undefined)
  const same = (folder: string, count: number): string =>
    `${folder} ${Array.from({ length: count }, (_, at) => `${folder}${at}=x`).join(' ')}`
  t.equal(asked({ here: same('e/', 30), store: same('d/', 30), synced: same('d/', 30) }), undefined)
  const half = { side: 'remote', deletes: 16, of: 30 }
  t.same(asked({ here: same('e/', 14), store: same('d/', 30), synced: same('d/', 30) }), half)
})
