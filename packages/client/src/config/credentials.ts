import { TorcError } from '@torc/protocol/errors'
import { readJsonFile, writePrivateFile } from './private-file.js'

export interface AccessCredentials {
  readonly accessKey: string
  readonly secretKey: string
}

/** Reads a credentials file; refuses one that others can read. */
export function readCredentials(path: string): AccessCredentials {
  const content = readJsonFile(path, { ownerOnly: true })
  if (content === undefined) throw new TorcError('CONFIG', `there is no credentials file ${path}`)
  const { accessKey, secretKey } = content
  if (
    typeof accessKey !== 'string' ||
    accessKey === '' ||
    typeof secretKey !== 'string' ||
    secretKey === ''
  ) {
    throw new TorcError('CONFIG', `${path} must hold {"accessKey":"…","secretKey":"…"}`)
  }
  return { accessKey, secretKey }
}

/** Writes a credentials file that only its owner can read. */
export function writeCredentials(path: string, credentials: AccessCredentials): void {
  writePrivateFile(path, `${JSON.stringify(credentials)}\n`)
}

export interface CredentialSources {
  readonly accessKey: string | undefined
  readonly secretKey: string | undefined
  /** Path of a credentials file. */
  readonly credentials: string | undefined
}

/**
 * Access key and secret from options, environment and file. A secret that is nowhere is asked for with
 * `prompt`, where there is one.
 */
export async function findCredentials(
  sources: CredentialSources,
  prompt?: (accessKey: string) => Promise<string>,
): Promise<AccessCredentials> {
  const { accessKey, secretKey } = sources
  if (accessKey !== undefined && secretKey !== undefined) return { accessKey, secretKey }
  if (sources.credentials !== undefined) {
    const file = readCredentials(sources.credentials)
    if (accessKey === undefined || accessKey === file.accessKey)
      return { ...file, ...(secretKey === undefined ? {} : { secretKey }) }
  }
  if (accessKey === undefined) {
    throw new TorcError('CONFIG', 'no access key is known', {
      hint: 'Start a cluster with `torc up` (it writes the profile local), or name one with TORC_CREDENTIALS or --profile.',
    })
  }
  if (prompt === undefined) {
    throw new TorcError('CONFIG', `the secret of access key ${accessKey} is not known`, {
      hint: 'Set TORC_SECRET_KEY, or name a credentials file with TORC_CREDENTIALS.',
    })
  }
  return { accessKey, secretKey: await prompt(accessKey) }
}
