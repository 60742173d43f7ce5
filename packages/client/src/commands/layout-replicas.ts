import { TorcError } from '@torc/protocol/errors'
import { defineArguments, defineCommand } from './command.js'
import { reportLayout } from './layout-report.js'

const replicasMax = 64

export const layoutReplicas = defineCommand({
  name: 'layout replicas',
  describe: 'Set how many copies the next layout keeps of each object; `layout apply` does it',
  arguments: defineArguments({
    count: { label: 'N', kind: 'word', required: true, doc: `1 to ${replicasMax}` },
  }),
  options: {},
  examples: [{ line: 'layout replicas 5', does: 'plans to let buckets ask for up to five copies' }],
  async run({ arguments: { count }, output, signal, ...context }) {
    const replicas = Number(count)
    if (!Number.isInteger(replicas) || replicas < 1 || replicas > replicasMax)
      throw new TorcError('CONFIG', `${count} is not a number of copies from 1 to ${replicasMax}`)
    reportLayout(output, await (await context.store()).stageLayout({ replicas }, { signal }))
    return 0
  },
})
