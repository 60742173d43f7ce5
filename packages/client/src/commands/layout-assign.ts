import { defineOptions } from '../config/options.js'
import { defineArguments, defineCommand } from './command.js'
import { reportLayout } from './layout-report.js'

export const layoutAssign = defineCommand({
  name: 'layout assign',
  describe:
    'Take an agent into the next layout, or change its zone or capacity there; `layout apply` does it',
  arguments: defineArguments({
    agent: { label: 'AGENT', kind: 'word', required: true, doc: 'Its id, as `status` shows it' },
  }),
  options: defineOptions({
    zone: {
      type: 'text',
      value: 'ZONE',
      doc: 'What fails together; what the agent says of itself when absent',
    },
    capacity: {
      type: 'bytes',
      min: 1,
      value: 'BYTES',
      doc: 'Its weight; what the agent says of itself when absent',
    },
  }),
  examples: [
    { line: 'layout assign agent-4-1b2c3d4e', does: 'plans to give it its share, and shows what that moves' },
    { line: 'layout assign agent-1-5f6a7b8c --capacity 2TB', does: 'plans to give it more' },
  ],
  async run({ arguments: { agent }, options: { zone, capacity }, output, signal, ...context }) {
    const store = await context.store()
    reportLayout(output, await store.stageLayout({ assign: [{ id: agent, zone, capacity }] }, { signal }))
    return 0
  },
})
