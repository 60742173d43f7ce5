import { TorcError } from '@torc/protocol/errors'
import { defineCommand } from './command.js'
import { tagArguments, tagOptions } from './tag-options.js'
import { reportTags } from './tag-report.js'
import { parseObjectTarget } from './target.js'

export const tagSet = defineCommand({
  name: 'tag set',
  describe: 'Set tags of a version; others stay, and no version is added',
  usage: ['BUCKET/KEY NAME=VALUE…'],
  arguments: tagArguments,
  options: tagOptions,
  takesRest: true,
  examples: [{ line: 'tag set photos/sea.jpg place=Kiel mood=calm', does: 'sets two tags' }],
  async run({ arguments: { target }, rest, options: { versionId }, output, signal, ...context }) {
    const { bucket, key } = parseObjectTarget(target)
    if (rest.length === 0) {
      throw new TorcError('BAD_REQUEST', 'tag set: name the tags', { hint: 'For example: place=Kiel' })
    }
    const set = Object.fromEntries(rest.map(parseTag))
    const store = await context.store()
    reportTags(output, await store.setTags(bucket, key, { set }, { versionId, signal }))
    return 0
  },
})

/** `name=value`; the first `=` parts them. */
function parseTag(text: string): readonly [string, string] {
  const equals = text.indexOf('=')
  if (equals < 1) {
    throw new TorcError('BAD_REQUEST', `a tag must be NAME=VALUE, not ${JSON.stringify(text.slice(0, 80))}`)
  }
  return [text.slice(0, equals), text.slice(equals + 1)]
}
