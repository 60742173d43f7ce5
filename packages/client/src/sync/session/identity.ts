import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TorcError } from '@torc/protocol/errors'
import { replaceFile } from '../../files/atomic-file.js'
import { fileError } from '../../files/file-errors.js'
import { syncFolderName } from '../local/ignore-rules.js'

/** What a folder is synced with, and as whom: `.torc-sync/session.json`. */
export interface Identity {
  readonly bucket: string
  readonly prefix: string
  readonly client: string
  readonly session: string
}

const fileOf = (directory: string) => join(directory, syncFolderName, 'session.json')

/** Undefined where the folder was never synced, or where nobody can tell any more: then both sides are merged. */
export async function readIdentity(directory: string): Promise<Identity | undefined> {
  let text: string
  try {
    text = await readFile(fileOf(directory), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw fileError(error, fileOf(directory))
  }
  return parseIdentity(text)
}

function parseIdentity(text: string): Identity | undefined {
  let value: Partial<Record<keyof Identity, unknown>>
  try {
    value = JSON.parse(text)
  } catch {
    // Damaged, as any file may be: the folder gets a new session and is merged without deletes.
    return undefined
  }
  const { bucket, prefix, client, session } = value ?? {}
  const texts = [bucket, prefix, client, session]
  if (!texts.every(field => typeof field === 'string')) return undefined
  return { bucket, prefix, client, session } as Identity
}

export async function writeIdentity(directory: string, identity: Identity): Promise<void> {
  await mkdir(join(directory, syncFolderName), { recursive: true }).catch(error => {
    throw fileError(error, join(directory, syncFolderName))
  })
  await replaceFile(fileOf(directory), lines(`${JSON.stringify(identity, undefined, 2)}\n`), 0o600)
}

async function* lines(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

/** One folder is synced with one place: anything else would mix two of them. */
export function checkSamePlace(
  identity: Identity | undefined,
  wanted: Pick<Identity, 'bucket' | 'prefix'>,
): void {
  if (identity === undefined) return
  if (identity.bucket === wanted.bucket && identity.prefix === wanted.prefix) return
  const place = (of: Pick<Identity, 'bucket' | 'prefix'>) => `${of.bucket}/${of.prefix}`
  throw new TorcError('CONFLICT', `the folder is synced with ${place(identity)}, not with ${place(wanted)}`, {
    hint: `Choose another folder, or remove ${syncFolderName} in it: then both are merged, and nothing is deleted.`,
  })
}
