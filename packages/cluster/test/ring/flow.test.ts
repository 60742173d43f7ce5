import fc from 'fast-check'
import t from 'tap'
import { FlowNetwork } from '../../src/ring/flow.js'
import { runs } from '../support/runs.js'

t.test('cheapest assignment of people to jobs, against all permutations', async () => {
  const size = 4
  const costs = fc.array(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: size, maxLength: size }), {
    minLength: size,
    maxLength: size,
  })
  const permutations = (list: readonly number[]): number[][] =>
    list.length === 0
      ? [[]]
      : list.flatMap(n => permutations(list.filter(m => m !== n)).map(rest => [n, ...rest]))
  const all = permutations([0, 1, 2, 3])
  fc.assert(
    fc.property(costs, table => {
      const network = new FlowNetwork(2 + 2 * size)
      const edges: { edge: number; cost: number }[] = []
      for (let person = 0; person < size; person++) {
        network.edge(0, 2 + person, 1, 0)
        network.edge(2 + size + person, 1, 1, 0)
        for (let job = 0; job < size; job++) {
          const cost = table[person]?.[job] ?? 0
          edges.push({ edge: network.edge(2 + person, 2 + size + job, 1, cost), cost })
        }
      }
      if (network.run(0, 1) !== size) throw new Error('someone has no job')
      const total = edges.reduce((sum, { edge, cost }) => sum + network.flow(edge) * cost, 0)
      const best = Math.min(
        ...all.map(jobs => jobs.reduce((sum, job, person) => sum + (table[person]?.[job] ?? 0), 0)),
      )
      if (total !== best) throw new Error(`${total} instead of ${best}`)
    }),
    runs(300),
  )
})

t.test('sends what fits, and nothing where there is no way', async t => {
  const network = new FlowNetwork(4)
  const wide = network.edge(0, 2, 5, 0)
  network.edge(2, 1, 3, 0)
  t.equal(network.run(0, 1), 3)
  t.equal(network.flow(wide), 3)
  t.equal(new FlowNetwork(2).run(0, 1), 0)
})
