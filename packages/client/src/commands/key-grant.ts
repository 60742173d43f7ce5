import { TorcError } from '@torc/protocol/errors'
import { accessKeyArgument, accessKeyNamed } from './access-key-name.js'
import { defineCommand } from './command.js'
import { chosenGrants, grantBucketArgument, grantOptions, parseGrantBucket } from './grant-options.js'
import { reportGrant } from './key-report.js'

export const keyGrant = defineCommand({
  name: 'key grant',
  describe: 'Let an access key do more with a bucket; none of the three includes another',
  usage: ['KEY BUCKET [--read] [--write] [--owner]'],
  arguments: { key: accessKeyArgument, bucket: grantBucketArgument },
  options: grantOptions,
  examples: [
    { line: 'key grant backups photos --read --write', does: 'lets the key backups read and write photos' },
    { line: "key grant ops '*' --owner", does: 'lets the key ops make, change and remove any bucket' },
  ],
  async run({ arguments: { key, bucket }, options, output, signal, ...context }) {
    const grants = chosenGrants(options)
    const name = parseGrantBucket(bucket)
    if (grants.length === 0) {
      throw new TorcError('BAD_REQUEST', 'key grant: say what is granted', {
        hint: 'One or more of --read, --write, --owner.',
      })
    }
    const { keys } = await context.store()
    const id = await accessKeyNamed(keys, key, signal)
    reportGrant(output, id, await keys.grant(id, name, grants, { signal }))
    return 0
  },
})
