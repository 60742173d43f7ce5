import { defineCommand } from './command.js'
import { reportLayout } from './layout-report.js'

export const layoutCancel = defineCommand({
  name: 'layout cancel',
  describe: 'Forget the changes of the layout that wait to be applied',
  arguments: {},
  options: {},
  examples: [{ line: 'layout cancel', does: 'leaves the layout as it is' }],
  async run({ output, signal, ...context }) {
    reportLayout(output, await (await context.store()).cancelLayout({ signal }))
    return 0
  },
})
