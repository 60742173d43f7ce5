import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, open, readlink } from 'node:fs/promises'
import type { Hasher } from '@torc/protocol/environment/hasher'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import type { Fingerprint } from '../trees/entry.js'
import { hashIn, looksLike } from './fingerprint.js'
import { isAbsent, lookAt } from './folder-root.js'

export interface OpenedFile {
  readonly stats: BigIntStats
  /** Its bytes; a piece is overwritten by the next one. */
  pieces(): AsyncGenerator<Uint8Array>
  /** Durably. */
  setMode(mode: number): Promise<void>
  close(): Promise<void>
}

/** Opens a regular file: no link, and no pipe, which would wait for its writer. Undefined where none is there. */
export async function openFile(path: string): Promise<OpenedFile | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  const file = await open(path, O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0)).catch(error => {
    // A link, or a socket.
    const isOther = ['ELOOP', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '')
    if (isOther || isAbsent(error)) return undefined
    throw error
  })
  if (file === undefined) return undefined
  try {
    const stats = await file.stat({ bigint: true })
    if (stats.isFile()) {
      return {
        stats,
        pieces: () => piecesOf(file, Number(stats.size)),
        async setMode(mode) {
          await file.chmod(mode)
          await file.sync()
        },
        close: () => file.close(),
      }
    }
  } catch (error) {
    await file.close()
    throw error
  }
  await file.close()
  return undefined
}

async function* piecesOf(file: FileHandle, size: number): AsyncGenerator<Uint8Array> {
  // One more than there should be: a read that does not fill the buffer is the last.
  const buffer = Buffer.allocUnsafe(Math.min(size + 1, limits.dataBytesMax))
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, null)
    if (bytesRead > 0) yield buffer.subarray(0, bytesRead)
    if (bytesRead < buffer.length) return
  }
}

/** A link's target as bytes; undefined where it is no link any more. */
export async function readTarget(path: string): Promise<Buffer | undefined> {
  try {
    return await readlink(path, { encoding: 'buffer' })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EINVAL' || code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}

/** Hex SHA-256 of pieces; `onBytes` is told how many there were in each. */
export async function hashOf(
  pieces: AsyncIterable<Uint8Array>,
  hasher: Hasher,
  onBytes?: (count: number) => void,
): Promise<string> {
  const digest = hasher.stream()
  for await (const piece of pieces) {
    digest.update(piece)
    onBytes?.(piece.length)
  }
  return Buffer.from(digest.digest()).toString('hex')
}

/** The bytes of a file; a CONFLICT where they are not those of the fingerprint. */
export async function* bytesAsExpected(
  path: string,
  expected: Fingerprint,
  hasher: Hasher,
): AsyncGenerator<Uint8Array> {
  const changed = (): TorcError => new TorcError('CONFLICT', `${path} changed while it was read`)
  const file = await openFile(path)
  if (file === undefined) throw changed()
  try {
    if (!looksLike(file.stats, expected)) throw changed()
    const wanted = hashIn(expected)
    const digest = wanted === undefined ? undefined : hasher.stream()
    for await (const piece of file.pieces()) {
      digest?.update(piece)
      yield Buffer.from(piece)
    }
    const after = await lookAt(path)
    if (after === undefined || !looksLike(after, expected)) throw changed()
    if (digest !== undefined && Buffer.from(digest.digest()).toString('hex') !== wanted) throw changed()
  } finally {
    await file.close()
  }
}
