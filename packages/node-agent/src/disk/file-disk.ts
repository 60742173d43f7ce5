import {
  closeSync,
  fdatasync,
  fstatSync,
  fsync,
  open,
  openSync,
  read,
  readFileSync,
  statSync,
  write,
  writeFileSync,
  writev,
} from 'node:fs'
import { mkdir, readdir, rename, rm, statfs, unlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { TorcError } from '@torc/protocol/errors'
import Database from 'better-sqlite3'
import { applySettings } from './database-settings.js'
import { type Disk, folderOf, lockFile, lockHolderFile, type SqlDatabase, temporaryFolder } from './disk.js'
import { diskError, isBusy, isMissing, readError } from './disk-errors.js'
import { FolderSync } from './folder-sync.js'

/**
 * What may wait for the medium runs in Node's pool of threads. What only touches what the system has in memory (the
 * size of an open file, closing one that is synced, opening a folder that was written to just now) is done at once:
 * a way to the pool and back costs ten times as much, and on a busy machine it waits behind all others.
 */
const io = {
  open: promisify(open),
  read: promisify(read),
  write: promisify(write),
  writev: promisify(writev),
  fdatasync: promisify(fdatasync),
  fsync: promisify(fsync),
}

/** A directory of the machine. An adapter: the only place of this package that touches files. */
export class FileDisk implements Disk {
  readonly name: string
  readonly #databases = new Set<SqlDatabase>()
  readonly #folderSync: FolderSync
  #lock: SqlDatabase | undefined
  #temporaryNumber = 0
  #temporaryFolderMade = false

  private constructor(directory: string) {
    this.name = directory
    this.#folderSync = new FolderSync(folder => fsyncFolder(this.#path(folder)))
  }

  /** Opens the directory `directory`, making it when it is missing. DATA_DIRECTORY when that can't be. */
  static async open(directory: string): Promise<FileDisk> {
    const path = resolve(directory)
    try {
      await mkdir(path, { recursive: true, mode: 0o700 })
      await readdir(path)
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown)
      throw new TorcError('DATA_DIRECTORY', `the data directory ${path} can't be used: ${why}`, {
        cause: thrown,
      })
    }
    return new FileDisk(path)
  }

  #path(path: string): string {
    return path === '' ? this.name : join(this.name, path)
  }

  async lock(): Promise<void> {
    if (this.#lock !== undefined) return
    let database: SqlDatabase | undefined
    try {
      database = new Database(this.#path(lockFile), { timeout: 0 })
      // An operating system's lock on the file: it goes with the process, so that nothing stale can remain.
      database.pragma('locking_mode = EXCLUSIVE')
      // Nothing is ever written to it; without this a full disk would keep the lock from being taken.
      database.pragma('journal_mode = MEMORY')
      database.exec('BEGIN EXCLUSIVE')
    } catch (thrown) {
      database?.close()
      if (!isBusy(thrown)) throw this.#unusable(thrown)
      throw new TorcError(
        'DATA_DIRECTORY',
        `the data directory ${this.name} is in use by ${this.#holder()}`,
        {
          cause: thrown,
          hint: 'One agent per data directory: stop the other process, or give this agent a directory of its own.',
        },
      )
    }
    this.#lock = database
    try {
      writeFileSync(this.#path(lockHolderFile), `${JSON.stringify({ pid: process.pid })}\n`)
    } catch (thrown) {
      // Written for people only; a full disk must not keep an agent from serving reads.
      if (diskError(thrown, 'locking').code !== 'DISK_FULL') throw this.#unusable(thrown)
    }
  }

  #holder(): string {
    try {
      const holder: unknown = JSON.parse(readFileSync(this.#path(lockHolderFile), 'utf8'))
      const pid = typeof holder === 'object' && holder !== null && 'pid' in holder ? holder.pid : undefined
      if (typeof pid === 'number') return `process ${pid}`
    } catch {
      // The holder may be just about to write it: the lock is what counts.
    }
    return 'another process'
  }

  #unusable(thrown: unknown): TorcError {
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    return new TorcError('DATA_DIRECTORY', `the data directory ${this.name} can't be locked: ${why}`, {
      cause: thrown,
    })
  }

  openDatabase(path: string): SqlDatabase {
    const database = new Database(this.#path(path))
    try {
      applySettings(database)
    } catch (thrown) {
      database.close()
      throw diskError(thrown, `opening ${path}`)
    }
    this.#databases.add(database)
    return database
  }

  async readFile(path: string, room = newMemory): Promise<Uint8Array | undefined> {
    try {
      return await readWhole(this.#path(path), room)
    } catch (thrown) {
      if (isMissing(thrown)) return undefined
      throw readError(thrown, `reading ${path}`)
    }
  }

  async writeFile(path: string, pieces: readonly Uint8Array[]): Promise<void> {
    const temporary = join(this.name, temporaryFolder, `${process.pid}-${++this.#temporaryNumber}`)
    try {
      if (!this.#temporaryFolderMade) {
        await mkdir(join(this.name, temporaryFolder), { recursive: true })
        this.#temporaryFolderMade = true
      }
      const file = await io.open(temporary, 'wx', 0o600)
      try {
        await writeAll(file, pieces)
        await io.fdatasync(file)
      } finally {
        closeSync(file)
      }
      await rename(temporary, this.#path(path))
    } catch (thrown) {
      // Best effort: what stays is removed at the next start.
      await unlink(temporary).catch(() => undefined)
      throw diskError(thrown, `writing ${path}`)
    }
    await this.#folderSync.sync(folderOf(path)).catch((thrown: unknown) => {
      throw diskError(thrown, `writing ${path}`)
    })
  }

  async fileSize(path: string): Promise<number | undefined> {
    try {
      // A way to the thread pool and back costs thirty times what the look does.
      const found = statSync(this.#path(path), { throwIfNoEntry: false })
      return found?.isFile() === true ? found.size : undefined
    } catch (thrown) {
      throw diskError(thrown, `looking for ${path}`)
    }
  }

  async deleteFile(path: string): Promise<boolean> {
    try {
      await unlink(this.#path(path))
      return true
    } catch (thrown) {
      if (isMissing(thrown)) return false
      throw diskError(thrown, `deleting ${path}`)
    }
  }

  async list(path: string): Promise<string[]> {
    try {
      return (await readdir(this.#path(path))).sort()
    } catch (thrown) {
      if (isMissing(thrown)) return []
      throw diskError(thrown, `listing ${path}`)
    }
  }

  async makeFolders(paths: readonly string[]): Promise<void> {
    try {
      const parents = new Set<string>()
      for (const path of paths) {
        const first = await mkdir(this.#path(path), { recursive: true, mode: 0o700 })
        if (first === undefined) continue
        for (let folder = path; folder !== ''; folder = folderOf(folder)) parents.add(folderOf(folder))
      }
      for (const parent of parents) await fsyncFolder(this.#path(parent))
    } catch (thrown) {
      throw diskError(thrown, 'making folders')
    }
  }

  async removeTemporaries(): Promise<number> {
    const names = await this.list(temporaryFolder)
    for (const name of names)
      await rm(join(this.name, temporaryFolder, name), { recursive: true, force: true })
    return names.length
  }

  async freeBytes(): Promise<number> {
    const found = await statfs(this.name)
    return found.bavail * found.bsize
  }

  async close(): Promise<void> {
    for (const database of this.#databases) database.close()
    this.#databases.clear()
    this.#lock?.close()
    this.#lock = undefined
  }
}

/** One buffer of the file's size: `readFile` of Node gathers pieces and joins them, twice the memory. */
async function readWhole(path: string, room: (bytes: number) => Uint8Array): Promise<Uint8Array> {
  const file = await io.open(path, 'r')
  try {
    const { size } = fstatSync(file)
    const bytes = room(size)
    let filled = 0
    while (filled < size) {
      const { bytesRead } = await io.read(file, bytes, filled, size - filled, filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return bytes.subarray(0, filled)
  } finally {
    closeSync(file)
  }
}

const newMemory = (bytes: number): Uint8Array => Buffer.allocUnsafeSlow(bytes)

async function writeAll(file: number, pieces: readonly Uint8Array[]): Promise<void> {
  let size = 0
  for (const piece of pieces) size += piece.length
  let written = (await io.writev(file, pieces)).bytesWritten
  // The system may take less than it was given, near a full disk for one; the next write then says why.
  if (written < size) {
    const whole = Buffer.concat(pieces)
    while (written < size) written += (await io.write(file, whole, written)).bytesWritten
  }
}

async function fsyncFolder(path: string): Promise<void> {
  const folder = openSync(path, 'r')
  try {
    await io.fsync(folder)
  } finally {
    closeSync(folder)
  }
}
