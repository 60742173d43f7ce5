import { defineOptions } from '../config/options.js'
import { defineArguments, defineCommand } from './command.js'
import { reportLayout } from './layout-report.js'

export const layoutRemove = defineCommand({
  name: 'layout remove',
  describe: 'Relieve an agent of everything in the next layout; `layout apply` does it',
  arguments: defineArguments({
    agent: { label: 'AGENT', kind: 'word', required: true, doc: 'Its id, as `status` shows it' },
  }),
  options: defineOptions({
    dead: { type: 'switch', doc: 'It is gone for good: nobody waits for what only it has' },
  }),
  examples: [
    { line: 'layout remove agent-2-1b2c3d4e', does: 'plans to hand over what it owns to the others' },
    { line: 'layout remove agent-2-1b2c3d4e --dead', does: 'plans to go on without what it had' },
  ],
  async run({ arguments: { agent }, options: { dead }, output, signal, ...context }) {
    const store = await context.store()
    reportLayout(
      output,
      await store.stageLayout({ remove: [{ id: agent, dead: dead === true }] }, { signal }),
    )
    return 0
  },
})
