// npm run simulate -- [--seeds 1000] [--from 1] [--load blocks] [--agents 5] [--sloppy] [--layouts]
import { parseArgs } from 'node:util'
import { simulateCluster } from './cluster/simulate-cluster.js'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    load: { type: 'string', default: 'mixed' },
    agents: { type: 'string', default: '3' },
    sloppy: { type: 'boolean', default: false },
    layouts: { type: 'boolean', default: false },
  },
})
const load = values.load === 'blocks' ? 'blocks' : 'mixed'
const agents = Number(values.agents)
const { sloppy, layouts } = values
const from = Number(values.from)
const seeds = Number(values.seeds)
let failed = 0
const totals = {
  acknowledged: 0,
  indeterminate: 0,
  reads: 0,
  lateHeads: 0,
  twins: 0,
  lateTwins: 0,
  faults: 0,
}
for (let number = from; number < from + seeds; number++) {
  try {
    const result = await simulateCluster({ seed: `seed-${number}`, load, agents, sloppy, layouts })
    totals.acknowledged += result.acknowledged
    totals.indeterminate += result.indeterminate
    totals.reads += result.reads
    totals.lateHeads += result.lateHeads
    totals.twins += result.twins
    totals.lateTwins += result.lateTwins
    totals.faults += result.faults.length
  } catch (error) {
    failed++
    console.error(error instanceof Error ? error.message : error)
  }
}
console.log(JSON.stringify({ from, seeds, failed, ...totals }))
if (failed > 0) process.exitCode = 1
