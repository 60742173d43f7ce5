import { lstat, mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { TorcError } from '@torc/protocol/errors'
import { fileError } from './file-errors.js'

/**
 * The parts of the path that a key (or what follows a prefix in it) stands for below a directory. Keys come
 * from other people: one that could leave the directory, or that no file can be named by, is refused.
 */
export function pathParts(name: string): readonly string[] {
  const parts = name.split('/')
  const refused = parts.some(part => part === '' || part === '.' || part === '..' || part.includes('\0'))
  // Backslashes and colons part paths and name drives elsewhere.
  const foreign = process.platform === 'win32' && /[\\:]/.test(name)
  if (refused || foreign) {
    throw new TorcError('BAD_REQUEST', `the key ${JSON.stringify(name)} can't be a path below a directory`, {
      hint: 'Get it on its own under a name of your choice: torc get BUCKET/KEY FILE.',
    })
  }
  return parts
}

/** Makes a download's root and returns its real path. */
export async function prepareRoot(directory: string): Promise<string> {
  try {
    await mkdir(directory, { recursive: true })
    return await realpath(directory)
  } catch (error) {
    throw fileError(error, directory)
  }
}

/**
 * The path for `name` below `root` (a real path), its folders made. No folder on the way may be a symbolic
 * link: one that was there could lead outside.
 */
export async function prepareBelow(root: string, name: string, known?: Set<string>): Promise<string> {
  const parts = pathParts(name)
  let path = root
  for (const part of parts.slice(0, -1)) {
    path = join(path, part)
    if (known?.has(path)) continue
    try {
      await mkdir(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
      })
      if (!(await lstat(path)).isDirectory()) {
        throw new TorcError('FILE_ACCESS', `${path} is in the way: it is not a directory`, {
          hint: 'Choose an empty directory.',
        })
      }
    } catch (error) {
      throw fileError(error, path)
    }
    known?.add(path)
  }
  return join(path, parts.at(-1) ?? '')
}
