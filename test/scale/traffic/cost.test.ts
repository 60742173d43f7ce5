import t from 'tap'
import { type Cost, medianCost } from './cost.js'

const cost = (value: number): Cost => ({
  rowsRead: value,
  rowsWritten: value + 1,
  clientBytes: value + 2,
  agentBytes: value + 3,
  milliseconds: -value,
})

t.test('what disturbs one run does not count', async t => {
  t.same(medianCost([cost(4), cost(400), cost(4)]), cost(4))
  t.same(medianCost([cost(1), cost(2), cost(3), cost(4)]), { ...cost(2), milliseconds: -3 })
})
