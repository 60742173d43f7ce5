import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { withCases } from './case-table.js'
import { cases } from './cases.js'

// The compiled file lies in packages/client/build/test/sync/plan.
const path = new URL('../../../../../../docs/SYNC.md', import.meta.url)

t.test('docs/SYNC.md holds the cases that the planner is tested with', async t => {
  const document = readFileSync(path, 'utf8')
  const wanted = withCases(document)
  if (process.env.TORC_UPDATE_DOCS === '1') writeFileSync(path, wanted)
  else t.equal(document, wanted, 'run this test with TORC_UPDATE_DOCS=1 to rewrite the document')
  t.throws(() => withCases('# empty'), /no place/)
})

t.test('no two cases are of one name, or of the same trees', async t => {
  const names = cases.map(({ group, name }) => `${group}: ${name}`)
  t.equal(new Set(names).size, cases.length)
  const trees = cases.map(({ here, store, synced }) => JSON.stringify([here, store, synced]))
  t.same(
    trees.filter((each, at) => trees.indexOf(each) !== at),
    [],
  )
  t.ok(cases.length >= 100)
})
