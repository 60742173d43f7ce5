import { type BigIntStats, lstatSync } from 'node:fs'
import { chmod, lstat, mkdir, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TorcError } from '@torc/protocol/errors'
import { fileError } from '../../files/file-errors.js'
import { FolderFlushes } from './folder-flushes.js'
import { syncFolderName } from './ignore-rules.js'

/**
 * What is at a path, links not followed; undefined where nothing is. Asked of the system at once: the way through the thread
 * pool and back takes ten times as long as the answer, and a scan looks at every file. Whoever looks at many in a row
 * lets others have their turn by `lookInTurn` now and then.
 */
export async function lookAt(path: string): Promise<BigIntStats | undefined> {
  return lookAtNow(path)
}

/** As `lookAt`, by the thread pool. A disk that does not answer is most often met here, and holds nothing up but the caller. */
export async function lookInTurn(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true })
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

/** As `lookAt`, for those who look at many in portions. */
export function lookAtNow(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

export function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}

export function isDenied(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EACCES' || code === 'EPERM'
}

/** The synced folder itself: the one that was opened, and its `.torc-sync`. */
export class FolderRoot {
  /** Real path. */
  readonly path: string
  /** Where files are made before they get their names, on the same file system. */
  readonly temporary: string
  /** Where files wait that are about to be replaced or removed. */
  readonly aside: string
  readonly #stats: BigIntStats
  readonly #ownStats: BigIntStats
  readonly #own: string
  readonly #flushes = new FolderFlushes()

  private constructor(path: string, own: string, stats: BigIntStats, ownStats: BigIntStats) {
    this.path = path
    this.#own = own
    this.temporary = join(own, 'tmp')
    this.aside = join(own, 'aside')
    this.#stats = stats
    this.#ownStats = ownStats
  }

  /** Makes `.torc-sync` where it is not there yet. */
  static async open(directory: string): Promise<FolderRoot> {
    try {
      const path = await realpath(directory)
      const stats = await lstat(path, { bigint: true })
      if (!stats.isDirectory()) {
        throw new TorcError('CONFIG', `${directory} is not a directory`, {
          hint: 'Name a directory to sync.',
        })
      }
      const own = join(path, syncFolderName)
      for (const folder of [own, join(own, 'tmp'), join(own, 'aside')]) await makeOwn(folder)
      await writeFile(join(own, 'clock'), '', { flag: 'a', mode: 0o600 })
      return new FolderRoot(path, own, stats, await lstat(own, { bigint: true }))
    } catch (error) {
      throw fileError(error, directory)
    }
  }

  /** Number of the file system; another one below can't take part: nothing can be renamed into it. */
  get device(): bigint {
    return this.#stats.dev
  }

  absolute(path: string): string {
    return path === '' ? this.path : `${this.path}/${path}`
  }

  /** Makes the names in a folder durable. */
  async flush(folder: string): Promise<void> {
    await this.#flushes.flush(folder)
  }

  /** An unmounted disk shows an empty folder, which is not the same as a folder whose files were all removed. */
  async check(): Promise<void> {
    const [stats, own] = await Promise.all([lookAt(this.path), lookAt(this.#own)]).catch(error => {
      throw fileError(error, this.path)
    })
    if (isSame(stats, this.#stats) && isSame(own, this.#ownStats)) return
    throw new TorcError('SYNC_ROOT_GONE', `${this.path} is no longer the folder that it was at the start`)
  }

  /** The time as the file system's own clock tells it: that of a server's may differ from this machine's. */
  async nowNs(): Promise<bigint> {
    const clock = join(this.#own, 'clock')
    await chmod(clock, 0o600)
    return (await lstat(clock, { bigint: true })).ctimeNs
  }
}

function isSame(now: BigIntStats | undefined, before: BigIntStats): boolean {
  return now?.isDirectory() === true && now.dev === before.dev && now.ino === before.ino
}

async function makeOwn(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  if ((await lstat(path)).isDirectory()) return
  throw new TorcError('FILE_ACCESS', `${path} is in the way: it is not a directory`, {
    hint: 'Move it away: the sync client keeps its own files there.',
  })
}
