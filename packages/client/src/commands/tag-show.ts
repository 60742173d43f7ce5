import { defineCommand } from './command.js'
import { tagArguments, tagOptions } from './tag-options.js'
import { reportTags } from './tag-report.js'
import { parseObjectTarget } from './target.js'

export const tagShow = defineCommand({
  name: 'tag show',
  describe: 'Show the tags of a version',
  arguments: tagArguments,
  options: tagOptions,
  examples: [{ line: 'tag show photos/sea.jpg', does: 'shows the tags of the latest version' }],
  async run({ arguments: { target }, options: { versionId }, output, signal, ...context }) {
    const { bucket, key } = parseObjectTarget(target)
    const store = await context.store()
    reportTags(output, await store.tags(bucket, key, { versionId, signal }))
    return 0
  },
})
