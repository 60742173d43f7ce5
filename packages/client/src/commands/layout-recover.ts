import { TorcError } from '@torc/protocol/errors'
import { defineOptions } from '../config/options.js'
import { defineCommand } from './command.js'
import { reportLayout } from './layout-report.js'

export const layoutRecover = defineCommand({
  name: 'layout recover',
  describe: 'Begin anew with the agents that are left, when a majority is gone for good',
  arguments: {},
  options: defineOptions({
    yes: {
      type: 'switch',
      doc: 'Accept that what only the others have is lost; without it, say what that is',
    },
  }),
  examples: [
    { line: 'layout recover', does: 'says what would be lost, and changes nothing' },
    { line: 'layout recover --yes', does: 'gives up all agents that are not there, for good' },
  ],
  async run(context) {
    const { options, output, signal } = context
    const store = await context.store()
    try {
      reportLayout(output, await store.recoverLayout({ acceptLoss: options.yes, signal }))
      return 0
    } catch (thrown) {
      const error = TorcError.from(thrown)
      const asksFirst = error.details?.['orphaned'] !== undefined
      if (!asksFirst || !context.interactive || !(await context.confirm(`${error.message} Go on?`)))
        throw thrown
    }
    reportLayout(output, await store.recoverLayout({ acceptLoss: true, signal }))
    return 0
  },
})
