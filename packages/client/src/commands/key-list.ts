import { accessKeyRecord } from '../output/records.js'
import { defineCommand } from './command.js'
import { shownGrants, shownName } from './key-report.js'

export const keyList = defineCommand({
  name: 'key list',
  describe: 'List the access keys and what they may do',
  arguments: {},
  options: {},
  examples: [{ line: 'key list', does: 'shows ids, names and grants; secrets are never shown again' }],
  async run({ output, signal, ...context }) {
    const keys = await (await context.store()).keys.list({ signal })
    if (output.json) {
      for (const key of keys) output.record(accessKeyRecord(key))
      return 0
    }
    output.table(
      ['access key', 'name', 'administers', 'created', 'grants'],
      keys.map(key => [
        key.accessKey,
        shownName(key),
        key.admin ? 'yes' : 'no',
        key.createdAt?.toISOString() ?? '-',
        shownGrants(key.grants),
      ]),
    )
    return 0
  },
})
