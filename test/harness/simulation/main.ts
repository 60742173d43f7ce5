// npm run simulate -- [--seeds 1000] [--from 1] [--load blocks] [--agents 5] [--clients 4] [--sloppy] [--layouts]
import { parseArgs } from 'node:util'
import { loads } from './cluster/load.js'
import { simulateCluster } from './cluster/simulate-cluster.js'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    load: { type: 'string', default: 'mixed' },
    agents: { type: 'string', default: '3' },
    clients: { type: 'string', default: '2' },
    sloppy: { type: 'boolean', default: false },
    layouts: { type: 'boolean', default: false },
  },
})
const load = loadNamed(values.load)
if (load === undefined) throw new Error(`--load must be one of ${Object.keys(loads).join(', ')}`)
const agents = Number(values.agents)
const clients = Number(values.clients)
const { sloppy, layouts } = values
const from = Number(values.from)
const seeds = Number(values.seeds)
let failed = 0
const totals = {
  acknowledged: 0,
  indeterminate: 0,
  reads: 0,
  contested: 0,
  collected: 0,
  lateHeads: 0,
  twins: 0,
  lateTwins: 0,
  faults: 0,
}
for (let number = from; number < from + seeds; number++) {
  try {
    const result = await simulateCluster({ seed: `seed-${number}`, load, agents, clients, sloppy, layouts })
    totals.acknowledged += result.acknowledged
    totals.indeterminate += result.indeterminate
    totals.reads += result.reads
    totals.contested += result.contested
    totals.collected += result.collectedPartitions
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

function loadNamed(name: string): keyof typeof loads | undefined {
  return (Object.keys(loads) as (keyof typeof loads)[]).find(one => one === name)
}
