import { TorcError } from '@torc/protocol/errors'
import { isAccessKeyId } from '@torc/protocol/identifiers/access-key-id'
import type { AccessKeyAdmin, AccessKeyInfo } from '@torc/protocol/store/access-keys'
import { printable } from '../output/format.js'

/** The argument that names an access key. */
export const accessKeyArgument = {
  label: 'KEY',
  kind: 'access-key',
  required: true,
  doc: 'Id of an access key, its name, or a beginning of either that no other has',
} as const

/**
 * Id of the access key that a word names: an id, else a name, else the beginning of one id or name. KEY_NOT_FOUND where
 * there is none, BAD_REQUEST where there are several.
 */
export async function accessKeyNamed(
  keys: AccessKeyAdmin,
  word: string,
  signal: AbortSignal,
): Promise<string> {
  if (isAccessKeyId(word)) return word
  const all = await listed(keys, signal)
  const exact = all.filter(({ name }) => name === word)
  const found = exact.length > 0 ? exact : all.filter(key => beginsWith(key, word))
  const [only, ...others] = found
  if (only === undefined) {
    throw new TorcError('KEY_NOT_FOUND', `there is no access key ${printable(word)}`, {
      hint: 'List the access keys with `torc key list`.',
    })
  }
  if (others.length === 0) return only.accessKey
  throw new TorcError('BAD_REQUEST', `${printable(word)} is the name of ${found.length} access keys`, {
    hint: `Name one by its id: ${found.map(({ accessKey }) => accessKey).join(', ')}`,
  })
}

function beginsWith({ accessKey, name }: AccessKeyInfo, word: string): boolean {
  return accessKey.startsWith(word.toUpperCase()) || name.startsWith(word)
}

async function listed(keys: AccessKeyAdmin, signal: AbortSignal): Promise<readonly AccessKeyInfo[]> {
  try {
    return await keys.list({ signal })
  } catch (thrown) {
    const error = TorcError.from(thrown)
    if (error.code !== 'DENIED') throw error
    throw new TorcError('DENIED', error.message, {
      hint: 'Name the key by its whole id: only operators may look for it by name or by a beginning.',
      cause: error,
    })
  }
}
