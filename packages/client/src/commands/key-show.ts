import { accessKeyArgument, accessKeyNamed } from './access-key-name.js'
import { defineCommand } from './command.js'
import { reportKey } from './key-report.js'

export const keyShow = defineCommand({
  name: 'key show',
  describe: 'Show what an access key may do; without KEY, the one in use',
  arguments: { key: { ...accessKeyArgument, required: false } },
  options: {},
  examples: [
    { line: 'key show', does: 'shows what you may do' },
    { line: 'key show backups', does: 'shows the key that is called backups, to operators' },
  ],
  async run({ arguments: { key }, output, signal, ...context }) {
    const { keys } = await context.store()
    const id = key === undefined ? undefined : await accessKeyNamed(keys, key, signal)
    reportKey(output, await keys.show(id, { signal }))
    return 0
  },
})
