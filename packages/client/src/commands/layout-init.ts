import { defineCommand } from './command.js'
import { reportLayout } from './layout-report.js'

export const layoutInit = defineCommand({
  name: 'layout init',
  describe: 'Make the first layout over the agents that are there',
  arguments: {},
  options: {
    agents: { type: 'integer', min: 1, value: 'N', doc: 'Refuse unless exactly N agents are there' },
    replicas: { type: 'integer', min: 1, max: 64, value: 'N', doc: 'Copies of each object' },
    partitions: {
      ...{ type: 'integer', min: 1, max: 65_536, value: 'N' },
      doc: 'Parts of the hash space, for good: a power of two, 256 when absent',
    },
  },
  examples: [{ line: 'layout init --agents 3', does: 'spreads the partitions over three agents' }],
  async run({ options: { agents, replicas, partitions }, output, signal, ...context }) {
    const store = await context.store()
    reportLayout(output, await store.initLayout({ agents, replicas, partitions, signal }))
    return 0
  },
})
