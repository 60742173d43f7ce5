import type BetterSqlite3 from 'better-sqlite3'

/** A database handle. The disk that opened it owns it: it is closed with the disk. */
export type SqlDatabase = BetterSqlite3.Database
export type SqlStatement = BetterSqlite3.Statement

/** What a lock that is held tells about its holder. */
export interface LockHolder {
  readonly pid: number
}

/**
 * Everything an agent keeps in its data directory: files and SQLite databases. Paths are relative, with `/`.
 * Implementations: `file-disk.ts` (a directory) and `memory-disk.ts` (tests and simulation). All methods fail
 * with TorcError: DISK_FULL when there is no room, DATA_DIRECTORY when the directory can't be used.
 */
export interface Disk {
  /** How people know it: the directory's path. */
  readonly name: string
  /**
   * Takes the directory for this process until `close` or the process's end, however it ends. Throws
   * DATA_DIRECTORY naming the holder's process id when another holds it.
   */
  lock(): Promise<void>
  /** Opens (or creates) the database in the file `path`, with commits that survive a crash. */
  openDatabase(path: string): SqlDatabase
  /**
   * Whole contents, or undefined when there is no such file. CORRUPT when the medium cannot read it any more. They are
   * read into what `room` gives for their size, where it is there; a view on that is returned.
   */
  readFile(path: string, room?: (bytes: number) => Uint8Array): Promise<Uint8Array | undefined>
  /**
   * Writes `path` whole or not at all: into a temporary file, fsynced, renamed, directory fsynced. It is durable
   * when the promise resolves. The folder of `path` must exist (see `makeFolders`).
   */
  writeFile(path: string, pieces: readonly Uint8Array[]): Promise<void>
  /** Size in bytes, or undefined when there is no such file. */
  fileSize(path: string): Promise<number | undefined>
  /** Removes a file; false when there was none. Not durable by itself: a removal that is lost is done again. */
  deleteFile(path: string): Promise<boolean>
  /** Names in the folder `path` ('' = the top), sorted; none when there is no such folder. */
  list(path: string): Promise<string[]>
  /** Makes folders (parents included) and their entries durable. Those that exist stay. */
  makeFolders(paths: readonly string[]): Promise<void>
  /** Removes what writes that did not end have left; run before the first write. Returns how many. */
  removeTemporaries(): Promise<number>
  /** Bytes that can still be written. */
  freeBytes(): Promise<number>
  /** Closes its databases and gives the lock back. */
  close(): Promise<void>
}

/** Folder of temporary files. In one place, so that cleaning up after a crash reads one folder. */
export const temporaryFolder = 'temporary'
/** Small database whose exclusive lock is the directory's lock. */
export const lockFile = 'lock.sqlite'
/** Tells who holds the lock; only information. */
export const lockHolderFile = 'lock.json'

/** Whether `name` at the top of a data directory is made by the disk itself. */
export function isDiskFile(name: string): boolean {
  return name === temporaryFolder || name === lockHolderFile || name.startsWith(lockFile)
}

/** The folder of a path; '' for the top. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}
