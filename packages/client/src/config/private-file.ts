import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { TorcError } from '@torc/protocol/errors'

const fileBytesMax = 64 * 1024

/** Reads a small JSON object; CONFIG names the file and what is wrong with it. */
export function readJsonFile(
  path: string,
  options: { readonly ownerOnly: boolean },
): Record<string, unknown> | undefined {
  let text: string
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new TorcError('FILE_ACCESS', `can't read ${path}: ${(error as Error).message}`, { cause: error })
  }
  try {
    // Checked on the open file, so that it can't be swapped between check and use.
    const status = fstatSync(file)
    if (!status.isFile()) throw new TorcError('CONFIG', `${path} is not a file`)
    if (status.size > fileBytesMax) throw new TorcError('CONFIG', `${path} is too large for its kind`)
    if (options.ownerOnly && (status.mode & 0o077) !== 0) {
      throw new TorcError('FILE_ACCESS', `${path} can be read by others`, { hint: `chmod 600 ${path}` })
    }
    text = readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new TorcError('CONFIG', `${path} is not valid JSON: ${(error as Error).message}`, { cause: error })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TorcError('CONFIG', `${path} must hold a JSON object`)
  }
  return value as Record<string, unknown>
}

/** Writes a file that only its owner can read, whole or not at all. */
export function writePrivateFile(path: string, text: string): void {
  const temporary = join(dirname(path), `.${process.pid}.${process.hrtime.bigint().toString(36)}.tmp`)
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' })
    renameSync(temporary, path)
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary)
    throw new TorcError('FILE_ACCESS', `can't write ${path}: ${(error as Error).message}`, { cause: error })
  }
}
