import type { Random } from '@torc/protocol/environment/random'
import { TorcError } from '@torc/protocol/errors'
import type { Disk, SqlDatabase } from '../disk/disk.js'
import { isDiskFile } from '../disk/disk.js'
import { diskError } from '../disk/disk-errors.js'
import { indexVersionOf, migrateIndex } from '../index/schema.js'
import { readDirectoryRow, writeDirectoryRow } from './directory-row.js'
import {
  type AgentIdentity,
  decodeIdentity,
  directoryFormat,
  encodeIdentity,
  identityFile,
} from './identity-file.js'

/** The database with the key states. */
export const indexFile = 'index.sqlite'
/** Folder of the block files. */
export const blocksFolder = 'blocks'

export interface DataDirectory {
  readonly identity: AgentIdentity
  readonly database: SqlDatabase
  /** Whether this start made it. */
  readonly created: boolean
  /** Whether the last process did not end in order (its database was checked). */
  readonly unclean: boolean
  /** Files of unfinished writes that were removed. */
  readonly temporariesRemoved: number
}

export interface DataDirectoryOptions {
  readonly clusterId: string
  /** First part of the node id, used when the directory is made. */
  readonly name: string
  readonly random: Random
}

/**
 * Opens an agent's data directory, or makes a new one in an empty directory. It never guesses: a directory that
 * is held by another process, foreign, of a newer format, incomplete or damaged is refused with DATA_DIRECTORY
 * and left as it is.
 */
export async function openDataDirectory(disk: Disk, options: DataDirectoryOptions): Promise<DataDirectory> {
  await disk.lock()
  const names = (await disk.list('')).filter(name => !isDiskFile(name))
  const bytes = names.includes(identityFile) ? await disk.readFile(identityFile) : undefined
  const found = bytes === undefined ? undefined : decodeIdentity(bytes, disk.name)
  if (found === undefined) refuseForeign(disk.name, names)
  else if (found.clusterId !== options.clusterId) throw otherCluster(disk.name, found, options.clusterId)
  const temporariesRemoved = await disk.removeTemporaries()
  if (found === undefined || found.state === 'creating') {
    const { identity, database } = await create(disk, found ?? newIdentity(options), names)
    return { identity, database, created: true, unclean: false, temporariesRemoved }
  }
  if (!names.includes(indexFile)) throw incomplete(disk.name, indexFile)
  if (!names.includes(blocksFolder)) throw incomplete(disk.name, blocksFolder)
  const { database, unclean } = reopenIndex(disk, found)
  return { identity: found, database, created: false, unclean, temporariesRemoved }
}

function newIdentity(options: DataDirectoryOptions): AgentIdentity {
  const suffix = Buffer.from(options.random.bytes(4)).toString('hex')
  return {
    format: directoryFormat,
    clusterId: options.clusterId,
    nodeId: `${options.name}-${suffix}`,
    state: 'creating',
  }
}

/**
 * The identity is durable as `creating` before the first file of the index and as `ready` after the last: a crash
 * in between is told apart from a directory that lost its index.
 */
async function create(
  disk: Disk,
  creating: AgentIdentity,
  names: readonly string[],
): Promise<{ identity: AgentIdentity; database: SqlDatabase }> {
  await disk.writeFile(identityFile, [encodeIdentity(creating)])
  for (const name of names) if (name.startsWith(indexFile)) await disk.deleteFile(name)
  await disk.makeFolders(blockFolders())
  const database = createIndex(disk, creating)
  const identity: AgentIdentity = { ...creating, state: 'ready' }
  await disk.writeFile(identityFile, [encodeIdentity(identity)])
  return { identity, database }
}

/** One folder per first byte of a hash, made once: a block's write then has one folder to fsync. */
export function blockFolders(): string[] {
  return Array.from({ length: 256 }, (_, byte) => `${blocksFolder}/${byte.toString(16).padStart(2, '0')}`)
}

/** Opens the index of a directory that has one, and checks it if the last process did not close it. */
function reopenIndex(disk: Disk, identity: AgentIdentity): { database: SqlDatabase; unclean: boolean } {
  return guarded(disk, () => {
    const database = disk.openDatabase(indexFile)
    // SQLite takes a file that lost its contents for a new database; migrating that would hide the loss.
    if (indexVersionOf(database) === 0) throw new TorcError('CORRUPT', 'it is empty')
    migrateIndex(database, disk.name)
    const row = readDirectoryRow(database)
    if (row?.nodeId !== identity.nodeId)
      throw new TorcError('CORRUPT', `it belongs to ${row?.nodeId ?? 'nobody'}`)
    if (!row.closed) {
      const verdict = database.pragma('quick_check(1)', { simple: true })
      if (verdict !== 'ok') throw new TorcError('CORRUPT', String(verdict))
    }
    return { database, unclean: !row.closed }
  })
}

function createIndex(disk: Disk, identity: AgentIdentity): SqlDatabase {
  return guarded(disk, () => {
    const database = disk.openDatabase(indexFile)
    migrateIndex(database, disk.name)
    writeDirectoryRow(database, identity.nodeId)
    return database
  })
}

/** Damage of the index becomes an error that names the directory. */
function guarded<T>(disk: Disk, open: () => T): T {
  try {
    return open()
  } catch (thrown) {
    const error = diskError(thrown, 'opening the index')
    throw error.code === 'CORRUPT' ? damaged(disk.name, error) : error
  }
}

function refuseForeign(directory: string, names: readonly string[]): void {
  if (names.length === 0) return
  if (names.includes(indexFile)) throw incomplete(directory, identityFile)
  throw new TorcError('DATA_DIRECTORY', `${directory} is not empty and no data directory of an agent`, {
    hint: 'Name an empty directory, or the one that an agent made.',
  })
}

function incomplete(directory: string, missing: string): TorcError {
  return new TorcError('DATA_DIRECTORY', `the data directory ${directory} has lost its ${missing}`, {
    hint: 'Restore the whole directory from a backup, or start the agent with an empty one and let it be repaired.',
  })
}

function damaged(directory: string, cause: unknown): TorcError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new TorcError('DATA_DIRECTORY', `the index of the data directory ${directory} is damaged: ${why}`, {
    cause,
    hint: 'Keep the directory for examination, and start the agent with an empty one: other agents have copies.',
  })
}

function otherCluster(directory: string, found: AgentIdentity, wanted: string): TorcError {
  return new TorcError(
    'DATA_DIRECTORY',
    `${directory} belongs to cluster ${found.clusterId}, not to ${wanted}`,
    {
      hint: 'Check --cluster-secret-file and --data: one of them is of another cluster.',
    },
  )
}
