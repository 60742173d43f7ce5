import { accessKeyArgument, accessKeyNamed } from './access-key-name.js'
import { defineCommand } from './command.js'

export const keyDelete = defineCommand({
  name: 'key delete',
  describe: 'Delete an access key for good',
  arguments: { key: accessKeyArgument },
  options: { yes: { type: 'boolean', doc: 'Do not ask' } },
  examples: [{ line: 'key delete backups', does: 'locks out whoever uses the key, open connections too' }],
  async run({ arguments: { key }, options, output, signal, ...context }) {
    const { keys } = await context.store()
    const id = await accessKeyNamed(keys, key, signal)
    if (!options.yes && context.interactive) {
      if (!(await context.confirm(`Delete the access key ${id}? Whoever uses it is locked out.`))) return 1
    }
    await keys.delete(id, { signal })
    if (output.json) output.record({ accessKey: id, deleted: true })
    else output.summary(`deleted access key ${id}`)
    return 0
  },
})
