import { defineOptions } from '../config/options.js'
import { defineCommand } from './command.js'
import { reportLayout } from './layout-report.js'

export const layoutApply = defineCommand({
  name: 'layout apply',
  describe: 'Make the changes that wait the next layout; data moves while reads and writes go on',
  arguments: {},
  options: defineOptions({
    epoch: { type: 'integer', min: 1, value: 'N', doc: 'Refuse unless N is the number of the next layout' },
    'accept-loss': {
      type: 'switch',
      doc: 'Go on although acknowledged writes may be lost with agents that are gone for good',
    },
  }),
  examples: [
    { line: 'layout apply', does: 'begins the change; `layout show` tells how far it is' },
    { line: 'layout apply --epoch 3', does: 'does nothing when somebody else was faster' },
  ],
  async run({ options, output, signal, ...context }) {
    const { epoch, 'accept-loss': acceptLoss } = options
    const store = await context.store()
    reportLayout(output, await store.applyLayout({ epoch, acceptLoss, signal }))
    return 0
  },
})
