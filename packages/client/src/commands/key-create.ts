import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { TorcError } from '@torc/protocol/errors'
import { writeCredentials } from '../config/credentials.js'
import { createdKeyRecord } from '../output/records.js'
import type { Store } from '../store/remote-store.js'
import { defineCommand } from './command.js'
import { shownName } from './key-report.js'

export const keyCreate = defineCommand({
  name: 'key create',
  describe: 'Make an access key; its secret is shown only now',
  arguments: {},
  options: {
    name: { type: 'text', value: 'N', doc: 'What people call it', environment: 'TORC_KEY_NAME' },
    admin: { type: 'boolean', doc: 'It may administer the cluster: layout, repair, keys, status' },
    out: {
      type: 'path',
      value: 'FILE',
      doc: 'Write a credentials file that only its owner can read, and do not show the secret',
    },
  },
  examples: [
    { line: 'key create --name backups', does: 'makes a key that may do nothing before `key grant`' },
    {
      line: 'key create --name ops --admin --out ops.json',
      does: 'makes one for an operator, in a file',
    },
  ],
  async run({ options, output, signal, directory, ...context }) {
    const { name, admin } = options
    const file = options.out === undefined ? undefined : resolve(directory, options.out)
    if (file !== undefined && existsSync(file)) {
      throw new TorcError('CONFIG', `${file} is there already`, {
        hint: 'A secret that is overwritten is lost: name another file.',
      })
    }
    const store = await context.store()
    const made = await store.keys.create({ name, admin: admin ? true : undefined, signal })
    if (file !== undefined) await keepCredentials(store, file, made)
    if (output.json) {
      output.record(createdKeyRecord(made, file))
      return 0
    }
    output.fields([
      ['access key', made.accessKey],
      ['name', shownName(made)],
      file === undefined ? ['secret key', made.secretKey] : ['credentials', file],
    ])
    if (file === undefined) output.note('The secret is not shown again.')
    if (!made.admin) output.note(`It may do nothing yet: torc key grant ${made.accessKey} BUCKET --read`)
    return 0
  },
})

/** A key whose secret nobody has is of no use: it goes again where the file can't be written. */
async function keepCredentials(
  store: Store,
  file: string,
  { accessKey, secretKey }: { readonly accessKey: string; readonly secretKey: string },
): Promise<void> {
  try {
    writeCredentials(file, { accessKey, secretKey })
  } catch (error) {
    await store.keys.delete(accessKey)
    throw error
  }
}
