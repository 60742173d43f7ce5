import { TorcError } from '@torc/protocol/errors'
import Database from 'better-sqlite3'
import { applySettings } from './database-settings.js'
import { type Disk, folderOf, type SqlDatabase, temporaryFolder } from './disk.js'

interface StoredFile {
  bytes: Uint8Array
  /** Set once the name's folder was fsynced: a crash keeps it. */
  durable: boolean
  /** What the name meant before, while the new entry is not durable. */
  previous: Uint8Array | undefined
}

/**
 * A disk in memory that can crash. Databases are SQLite's own in-memory ones: a commit is durable (unless `synchronous`
 * is less than FULL: see `flush`), an open transaction is not. Files pass the same stages as on a real disk, so that a
 * crash in between loses what a real one would lose. An adapter for tests and for the simulation.
 */
export class MemoryDisk implements Disk {
  readonly name: string
  readonly #files = new Map<string, StoredFile>()
  readonly #folders = new Set<string>([''])
  readonly #images = new Map<string, Buffer>()
  readonly #databases = new Map<string, SqlDatabase>()
  #locked = false
  #temporaryNumber = 0
  #capacityBytes = Number.POSITIVE_INFINITY
  /** Raised by a crash and a close: what was under way before it ends without effect. */
  #life = 0

  constructor(name = 'memory') {
    this.name = name
  }

  async lock(): Promise<void> {
    if (this.#locked) {
      throw new TorcError(
        'DATA_DIRECTORY',
        `the data directory ${this.name} is in use by process ${process.pid}`,
      )
    }
    this.#locked = true
  }

  openDatabase(path: string): SqlDatabase {
    if (this.#databases.has(path)) throw new TorcError('INTERNAL', `${path} is open already`)
    const image = this.#images.get(path)
    const database = image === undefined ? new Database(':memory:') : new Database(image)
    applySettings(database)
    this.#databases.set(path, database)
    this.#limit(database)
    return database
  }

  async readFile(path: string, room = newMemory): Promise<Uint8Array | undefined> {
    const file = this.#files.get(path)
    if (file === undefined) return undefined
    const bytes = room(file.bytes.length)
    bytes.set(file.bytes)
    return bytes
  }

  async writeFile(path: string, pieces: readonly Uint8Array[]): Promise<void> {
    const life = this.#life
    const bytes = Buffer.concat(pieces)
    const temporary = `${temporaryFolder}/${++this.#temporaryNumber}`
    if (!this.#folders.has(folderOf(path))) throw new TorcError('INTERNAL', `no folder for ${path}`)
    if (this.#usedBytes() + bytes.length > this.#capacityBytes) {
      throw new TorcError('DISK_FULL', `no room left while writing ${path}`)
    }
    this.#folders.add(temporaryFolder)
    // Half of it: what a crash before the fsync may leave behind.
    const torn = bytes.subarray(0, bytes.length >> 1)
    this.#files.set(temporary, { bytes: torn, durable: true, previous: undefined })
    await Promise.resolve()
    this.#checkLife(life)
    this.#files.set(temporary, { bytes, durable: true, previous: undefined })
    await Promise.resolve()
    this.#checkLife(life)
    this.#files.delete(temporary)
    const old = this.#files.get(path)
    this.#files.set(path, {
      bytes,
      durable: false,
      previous: old?.durable === true ? old.bytes : old?.previous,
    })
    await Promise.resolve()
    this.#checkLife(life)
    const written = this.#files.get(path)
    if (written?.bytes === bytes) this.#files.set(path, { bytes, durable: true, previous: undefined })
  }

  /** After each point at which a crash can come between two steps. */
  #checkLife(life: number): void {
    if (life !== this.#life) throw new TorcError('INTERNAL', 'the disk crashed')
  }

  async fileSize(path: string): Promise<number | undefined> {
    return this.#files.get(path)?.bytes.length
  }

  async deleteFile(path: string): Promise<boolean> {
    return this.#files.delete(path) || this.#images.delete(path)
  }

  async list(path: string): Promise<string[]> {
    const within = path === '' ? '' : `${path}/`
    const names = new Set<string>()
    for (const full of [
      ...this.#files.keys(),
      ...this.#folders,
      ...this.#images.keys(),
      ...this.#databases.keys(),
    ]) {
      if (full === '' || !full.startsWith(within)) continue
      const name = full.slice(within.length).split('/')[0]
      if (name !== undefined && name !== '') names.add(name)
    }
    return [...names].sort()
  }

  async makeFolders(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      for (let folder = path; folder !== ''; folder = folderOf(folder)) this.#folders.add(folder)
    }
  }

  async removeTemporaries(): Promise<number> {
    const names = await this.list(temporaryFolder)
    for (const name of names) this.#files.delete(`${temporaryFolder}/${name}`)
    return names.length
  }

  async freeBytes(): Promise<number> {
    return Math.max(0, this.#capacityBytes - this.#usedBytes())
  }

  async close(): Promise<void> {
    this.#life++
    this.#keepDatabases(true)
    for (const file of this.#files.values()) file.durable = true
    this.#locked = false
  }

  /** Ends the process that uses the disk: what was not fsynced or committed is gone. */
  crash(): void {
    this.#life++
    for (const database of this.#databases.values()) if (database.inTransaction) database.exec('ROLLBACK')
    this.#keepDatabases(false)
    for (const [path, file] of this.#files) {
      if (file.durable) continue
      if (file.previous === undefined) this.#files.delete(path)
      else this.#files.set(path, { bytes: file.previous, durable: true, previous: undefined })
    }
    this.#locked = false
  }

  /**
   * What has been committed by now reaches the medium, as it does after a while by itself. A database whose commits do
   * not wait for that (`synchronous` less than FULL) is after a crash as it was then, or when it was opened.
   */
  flush(): void {
    for (const [path, database] of this.#databases)
      if (!isSynchronous(database)) this.#images.set(path, database.serialize())
  }

  /** Limits what can be written from now on, to files and databases; Infinity lifts it. */
  setFreeBytes(bytes: number): void {
    this.#capacityBytes = this.#usedBytes() + bytes
    for (const database of this.#databases.values()) this.#limit(database)
  }

  /** Changes stored bytes behind the agent's back, as a failing medium does. */
  damage(path: string, change: (bytes: Uint8Array) => Uint8Array): void {
    const file = this.#files.get(path)
    const image = this.#images.get(path)
    if (file !== undefined) file.bytes = change(file.bytes.slice())
    else if (image !== undefined) this.#images.set(path, Buffer.from(change(Uint8Array.from(image))))
    else throw new TorcError('INTERNAL', `nothing to damage at ${path}`)
  }

  /** Removes a file or a closed database behind the agent's back. */
  lose(path: string): void {
    this.#files.delete(path)
    this.#images.delete(path)
  }

  /** What a copy of the medium made now has: a disk of its own, which nobody uses. */
  copy(): MemoryDisk {
    const copy = new MemoryDisk(this.name)
    for (const folder of this.#folders) copy.#folders.add(folder)
    for (const [path, { bytes }] of this.#files)
      copy.#files.set(path, { bytes: bytes.slice(), durable: true, previous: undefined })
    for (const [path, image] of this.#images) copy.#images.set(path, Buffer.from(image))
    for (const [path, database] of this.#databases) copy.#images.set(path, database.serialize())
    return copy
  }

  #keepDatabases(inOrder: boolean): void {
    for (const [path, database] of this.#databases) {
      if (!database.open) continue
      if (inOrder || isSynchronous(database) || !this.#images.has(path))
        this.#images.set(path, database.serialize())
      database.close()
    }
    this.#databases.clear()
  }

  #usedBytes(): number {
    let used = 0
    for (const file of this.#files.values()) used += file.bytes.length
    for (const database of this.#databases.values()) used += pagesOf(database) * pageBytesOf(database)
    return used
  }

  #limit(database: SqlDatabase): void {
    // SQLite's own bound gives the very error that a full file system gives.
    const left = this.#capacityBytes - this.#usedBytes()
    const pages = Number.isFinite(left)
      ? pagesOf(database) + Math.floor(left / pageBytesOf(database))
      : 0xffff_fffe
    database.pragma(`max_page_count = ${Math.max(1, pages)}`)
  }
}

const synchronousFull = 2

/** Whether a commit returns only once it is on the medium. */
function isSynchronous(database: SqlDatabase): boolean {
  return Number(database.pragma('synchronous', { simple: true })) >= synchronousFull
}

function pagesOf(database: SqlDatabase): number {
  return Number(database.pragma('page_count', { simple: true }))
}

function pageBytesOf(database: SqlDatabase): number {
  return Number(database.pragma('page_size', { simple: true }))
}

const newMemory = (bytes: number): Uint8Array => new Uint8Array(bytes)
