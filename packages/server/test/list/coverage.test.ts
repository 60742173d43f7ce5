import fc from 'fast-check'
import t from 'tap'
import { planCoverage } from '../../src/list/coverage.js'

t.test('three agents that hold everything: R of them are enough', async t => {
  const { agents, missing } = planCoverage(
    4,
    () => ['a', 'b', 'c'],
    2,
    () => true,
  )
  t.equal(agents.length, 2)
  t.strictSame(missing, [])
})

t.test('partitions without enough live owners are named', async t => {
  const owners = (p: number) => (p === 0 ? ['a', 'b'] : ['b', 'c'])
  t.strictSame(planCoverage(2, owners, 2, agent => agent !== 'a').missing, [0])
  t.strictSame(planCoverage(2, owners, 1, agent => agent !== 'a').missing, [])
})

t.test('property: whatever is not missing is covered', async () => {
  const agentId = fc.integer({ min: 0, max: 6 }).map(String)
  const rows = fc.array(fc.uniqueArray(agentId, { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 12,
  })
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 3 }), fc.uniqueArray(agentId), (table, quorum, down) => {
      const owners = (p: number) => table[p] ?? []
      const { agents, missing } = planCoverage(table.length, owners, quorum, agent => !down.includes(agent))
      return table.every((row, p) => {
        const need = Math.min(quorum, row.length)
        const live = row.filter(agent => !down.includes(agent)).length
        if (live < need) return missing.includes(p)
        return !missing.includes(p) && row.filter(agent => agents.includes(agent)).length >= need
      })
    }),
  )
})
