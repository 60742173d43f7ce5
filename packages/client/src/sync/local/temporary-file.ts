import { type BigIntStats, constants } from 'node:fs'
import { copyFile, type FileHandle, lstat, lutimes, open, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Hasher } from '@torc/protocol/environment/hasher'
import type { Random } from '@torc/protocol/environment/random'
import { writeAll } from '../../files/atomic-file.js'
import type { FolderRoot } from './folder-root.js'
import { hashOf, openFile } from './read-file.js'

export interface TemporaryFile {
  readonly path: string
  readonly stats: BigIntStats
  /** Hex, of what is in it. */
  readonly sha256: string
}

/** What a new file is given beside its bytes. */
export interface Looks {
  readonly mode: number
  readonly mtimeMs: number
}

/** Makes files that are whole and on the disk before they get their names. What fails leaves nothing. */
export class TemporaryFiles {
  readonly #folder: string
  readonly #random: Random
  readonly #hasher: Hasher

  constructor(root: FolderRoot, random: Random, hasher: Hasher) {
    this.#folder = root.temporary
    this.#random = random
    this.#hasher = hasher
  }

  async write(body: AsyncIterable<Uint8Array>, looks: Looks): Promise<TemporaryFile> {
    const path = this.#newPath()
    return this.#orNothing(path, async () => {
      const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
      const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | (O_NOFOLLOW ?? 0), looks.mode)
      try {
        const digest = this.#hasher.stream()
        for await (const piece of body) {
          digest.update(piece)
          await writeAll(file, piece)
        }
        const sha256 = Buffer.from(digest.digest()).toString('hex')
        return { path, sha256, stats: await finish(file, looks) }
      } finally {
        await file.close()
      }
    })
  }

  /** With the bytes of another file: shared on the disk where the file system can. */
  async copy(source: string, looks: Looks): Promise<TemporaryFile> {
    const path = this.#newPath()
    return this.#orNothing(path, async () => {
      await copyFile(source, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
      const copy = await openFile(path)
      if (copy === undefined) throw new Error(`${path} is not the file that was made`)
      const sha256 = await hashOf(copy.pieces(), this.#hasher).finally(() => copy.close())
      const file = await open(path, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0))
      try {
        return { path, sha256, stats: await finish(file, looks) }
      } finally {
        await file.close()
      }
    })
  }

  async link(target: string, sha256: string, mtimeMs: number): Promise<TemporaryFile> {
    const path = this.#newPath()
    return this.#orNothing(path, async () => {
      await symlink(target, path)
      await lutimes(path, secondsOf(mtimeMs), secondsOf(mtimeMs))
      return { path, sha256, stats: await lstat(path, { bigint: true }) }
    })
  }

  #newPath(): string {
    return join(this.#folder, Buffer.from(this.#random.bytes(8)).toString('hex'))
  }

  async #orNothing<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      // What failed is the error to report; a leftover goes at the next start at the latest.
      await rm(path, { force: true }).catch(() => undefined)
      throw error
    }
  }
}

async function finish(file: FileHandle, { mode, mtimeMs }: Looks): Promise<BigIntStats> {
  await file.utimes(secondsOf(mtimeMs), secondsOf(mtimeMs))
  await file.sync()
  const stats = await file.stat({ bigint: true })
  // It was made with that mode already, unless the process's mask took some of it away, or it is a copy.
  if ((Number(stats.mode) & 0o777) === mode) return stats
  await file.chmod(mode)
  await file.sync()
  return file.stat({ bigint: true })
}

/** Half a microsecond more, since what is below a microsecond is cut off on the way to the file system. */
function secondsOf(ms: number): number {
  return (ms + 0.0005) / 1000
}
