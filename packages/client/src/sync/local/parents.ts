import { mkdir, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { TorcError } from '@torc/protocol/errors'
import { type FolderRoot, isAbsent, lookAt } from './folder-root.js'

/**
 * The folder that holds a name, or undefined where it is not there or a part of the way is no folder of its own: what
 * lies behind a link is not ours. Looked at anew for each change, since anybody can put a link there between two.
 */
export async function findParent(root: FolderRoot, parts: readonly string[]): Promise<string | undefined> {
  let path = root.path
  for (const part of parts.slice(0, -1)) {
    path = `${path}/${part}`
    const stats = await lookAt(path)
    if (stats?.isDirectory() !== true || stats.dev !== root.device) return undefined
  }
  return path
}

/** As `findParent`; folders that are not there are made, durably. Something else in the way is FILE_ACCESS. */
export async function makeParent(root: FolderRoot, parts: readonly string[]): Promise<string> {
  let path = root.path
  for (const part of parts.slice(0, -1)) {
    path = `${path}/${part}`
    let stats = await lookAt(path)
    if (stats === undefined) {
      await makeFolderDurably(root, path)
      stats = await lookAt(path)
    }
    if (stats?.isDirectory() !== true) throw inTheWay(path, 'it is not a folder')
    if (stats.dev !== root.device) throw inTheWay(path, 'another file system is mounted there')
  }
  return path
}

/** False where something is there already. */
export async function makeFolderDurably(root: FolderRoot, path: string): Promise<boolean> {
  try {
    await mkdir(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  await root.flush(dirname(path))
  return true
}

/** `changed` where it holds something. */
export async function removeEmptyFolder(root: FolderRoot, path: string): Promise<'removed' | 'changed'> {
  try {
    await rmdir(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return 'changed'
    if (!isAbsent(error)) throw error
  }
  await root.flush(dirname(path))
  return 'removed'
}

function inTheWay(path: string, why: string): TorcError {
  return new TorcError('FILE_ACCESS', `${path} is in the way: ${why}`, {
    hint: 'Rename it, here or in the store; until then nothing can be put below that name.',
  })
}
