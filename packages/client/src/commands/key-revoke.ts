import { grants as allGrants } from '@torc/protocol/messages/access'
import { accessKeyArgument, accessKeyNamed } from './access-key-name.js'
import { defineCommand } from './command.js'
import { chosenGrants, grantBucketArgument, grantOptions, parseGrantBucket } from './grant-options.js'
import { reportGrant } from './key-report.js'

export const keyRevoke = defineCommand({
  name: 'key revoke',
  describe: 'Take from an access key what it may do with a bucket; without options, all of it',
  usage: ['KEY BUCKET [--read] [--write] [--owner]'],
  arguments: { key: accessKeyArgument, bucket: grantBucketArgument },
  options: grantOptions,
  examples: [
    { line: 'key revoke backups photos --write', does: 'leaves the key backups to read photos' },
    { line: 'key revoke backups photos', does: 'takes all grants on photos; one on all buckets stays' },
  ],
  async run({ arguments: { key, bucket }, options, output, signal, ...context }) {
    const chosen = chosenGrants(options)
    const name = parseGrantBucket(bucket)
    const { keys } = await context.store()
    const id = await accessKeyNamed(keys, key, signal)
    const left = await keys.revoke(id, name, chosen.length === 0 ? allGrants : chosen, { signal })
    reportGrant(output, id, left)
    return 0
  },
})
