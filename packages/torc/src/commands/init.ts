import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Command, defineCommand } from '@torc/client/commands/command'
import { writeCredentials } from '@torc/client/config/credentials'
import { TorcError } from '@torc/protocol/errors'
import { deriveRootKey } from '@torc/protocol/handshake/root-key'
import { makeClusterSecret } from '../files/cluster-secret.js'

/** `torc init`: what a cluster on real machines needs before its first process starts. */
export const initCommand: Command = defineCommand({
  name: 'init',
  describe: 'Make the secret and the root access key of a new cluster',
  arguments: {},
  options: { out: { type: 'path', value: 'DIR', doc: 'Directory for the two files' } },
  examples: [
    { line: 'init --out ./secrets', does: 'Make secrets/cluster-secret.json and secrets/credentials.json' },
  ],
  only: 'cli',
  async run(context) {
    const { out } = context.options
    if (out === undefined) {
      throw new TorcError('CONFIG', 'init: --out is missing', { hint: 'Usage: torc init --out DIR' })
    }
    const directory = resolve(context.directory, out)
    const clusterSecret = join(directory, 'cluster-secret.json')
    const credentials = join(directory, 'credentials.json')
    for (const file of [clusterSecret, credentials]) {
      if (!existsSync(file)) continue
      throw new TorcError('CONFIG', `${file} is there already`, {
        hint: 'A secret that is overwritten is lost, and its cluster with it: name another directory.',
      })
    }
    const { clusterId, secret } = makeClusterSecret(clusterSecret, context.environment.random)
    const rootKey = deriveRootKey(secret)
    writeCredentials(credentials, rootKey)
    if (context.output.json) {
      context.output.record({ clusterId, clusterSecret, credentials, accessKey: rootKey.accessKey })
      return 0
    }
    context.output.fields([
      ['cluster', clusterId],
      ['cluster secret', clusterSecret],
      ['credentials', credentials],
      ['access key', rootKey.accessKey],
    ])
    context.output.summary(`
Both files can be read by you alone. Every server and agent needs the cluster secret:
  torc server --listen HOST:7400 --join OTHER:7400 --cluster-secret-file ${clusterSecret}
  torc agent --data DIR --listen HOST:7410 --join HOST:7400 --cluster-secret-file ${clusterSecret}
Then, once, with TORC_CREDENTIALS=${credentials}:
  torc layout init --server HOST:7400`)
    return 0
  },
})
