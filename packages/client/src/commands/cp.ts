import { defineOptions } from '../config/options.js'
import { copyRecord } from '../output/records.js'
import { chosenTimeoutMs } from '../transfer/timeouts.js'
import { defineCommand } from './command.js'
import { copyArguments, copyOptions, copyOptionsOf, reportCopy } from './copy-options.js'
import { parseDestination, parseSource } from './copy-target.js'
import { conditionOptions } from './write-options.js'

const cpOptions = defineOptions({ ...copyOptions, ...conditionOptions })

export const cp = defineCommand({
  name: 'cp',
  describe: 'Copy an object or an old version of it within the cluster; no data moves through here',
  arguments: copyArguments,
  options: cpOptions,
  examples: [
    { line: 'cp photos/sea.jpg archive/', does: 'copies it to archive/sea.jpg' },
    {
      line: 'cp photos/sea.jpg photos/sea.jpg --version-id 5fk2',
      does: 'makes an old version the latest again',
    },
  ],
  async run(context) {
    const { options, output, signal } = context
    const source = parseSource(context.arguments.source)
    const { bucket, key } = parseDestination(context.arguments.destination, source)
    const store = await context.store()
    const from = { ...source, versionId: options.versionId }
    const copy = { ...copyOptionsOf(options), signal, timeoutMs: chosenTimeoutMs(context) }
    const result = await store.copy(from, bucket, key, copy)
    if (output.json) output.record(copyRecord(from, result))
    else reportCopy(context, 'copied', source, result)
    return 0
  },
})
