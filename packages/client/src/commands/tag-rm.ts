import { TorcError } from '@torc/protocol/errors'
import { defineCommand } from './command.js'
import { tagArguments, tagOptions } from './tag-options.js'
import { reportTags } from './tag-report.js'
import { parseObjectTarget } from './target.js'

export const tagRm = defineCommand({
  name: 'tag rm',
  describe: 'Take tags from a version',
  usage: ['BUCKET/KEY NAME…'],
  arguments: tagArguments,
  options: tagOptions,
  takesRest: true,
  examples: [{ line: 'tag rm photos/sea.jpg mood', does: 'takes one tag away' }],
  async run({ arguments: { target }, rest, options: { versionId }, output, signal, ...context }) {
    const { bucket, key } = parseObjectTarget(target)
    if (rest.length === 0) throw new TorcError('BAD_REQUEST', 'tag rm: name the tags')
    const store = await context.store()
    reportTags(output, await store.setTags(bucket, key, { clear: rest }, { versionId, signal }))
    return 0
  },
})
