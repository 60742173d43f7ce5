import { errorTable } from '@torc/protocol/errors'
import { repairRecord } from '../output/records.js'
import { defineCommand } from './command.js'
import { showRepair } from './repair-table.js'

export const repairShow = defineCommand({
  name: 'repair show',
  describe:
    'Show how agents compare their replicas: the pass under way or the last one; exits 8 when one cannot be asked',
  arguments: {},
  options: {},
  examples: [
    { line: 'repair show', does: 'shows what the last comparison of each agent found and repaired' },
  ],
  async run({ output, signal, ...context }) {
    const store = await context.store()
    const status = await store.repairStatus({ signal })
    if (output.json) output.record(repairRecord(status))
    else showRepair(output, status)
    const isWhole = status.agents.every(({ error }) => error === undefined)
    return isWhole ? 0 : errorTable.PARTIAL.exitCode
  },
})
