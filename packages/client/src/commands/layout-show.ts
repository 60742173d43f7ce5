import { defineCommand } from './command.js'
import { reportLayout } from './layout-report.js'

export const layoutShow = defineCommand({
  name: 'layout show',
  describe: 'Show which agents own how many partitions',
  arguments: {},
  options: {},
  examples: [{ line: 'layout show', does: 'shows epoch, partitions and agents' }],
  async run({ output, signal, ...context }) {
    reportLayout(output, await (await context.store()).layout({ signal }))
    return 0
  },
})
