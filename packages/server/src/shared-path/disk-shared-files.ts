import { constants } from 'node:fs'
import { type FileHandle, lstat, open, readlink, realpath, rename, rm } from 'node:fs/promises'
import { posix as path } from 'node:path'
import type { Random } from '@torc/protocol/environment/random'
import { TorcError } from '@torc/protocol/errors'
import { isInside, pathDenied, resolvePath, type SharedRoot } from './resolve-path.js'
import type { FileWriter, OpenedFile, SharedFiles } from './shared-files.js'

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = constants
/** Bytes read at once. */
const pieceBytes = 256 * 1024
const fileMode = 0o644

/**
 * Shared files on the machine's disk: the one adapter that touches it. What was opened is judged, not what was
 * named: after each open the path that the descriptor really has (`/proc/self/fd`) must lie inside a root, so that
 * swapping a directory for a symlink between check and use gains nothing. Writes go through the descriptor of the
 * directory for the same reason.
 *
 * Without /proc (macOS, BSD) the path is resolved again after the open and must still name the same inode; a
 * writer checks its directory again before the rename. A swap there and back within that moment could pass, so
 * a shared root on such a machine should not be writable by people who are not trusted.
 */
export class DiskSharedFiles implements SharedFiles {
  readonly #roots: readonly SharedRoot[]
  readonly #random: Random
  /** Directory that names this process's descriptors. A test points it elsewhere to run the fallback. */
  readonly #descriptors: string

  constructor(roots: readonly SharedRoot[], random: Random, descriptors = '/proc/self/fd') {
    this.#roots = roots
    this.#random = random
    this.#descriptors = descriptors
  }

  async openToRead(text: string): Promise<OpenedFile> {
    const candidate = resolvePath(text, this.#roots)
    const real = await this.#realInside(text, candidate)
    // Without O_NONBLOCK opening a pipe would hang until somebody writes to it.
    const file = await opened(text, open(real, O_RDONLY | O_NOFOLLOW | O_NONBLOCK))
    try {
      await this.#checkOpened(text, file, real)
      const stat = await file.stat()
      if (!stat.isFile()) throw notAFile(text)
      return { size: stat.size, pieces: piecesOf(file), close: () => file.close() }
    } catch (error) {
      await file.close()
      throw error
    }
  }

  async openToWrite(text: string): Promise<FileWriter> {
    const candidate = resolvePath(text, this.#roots)
    const name = path.basename(candidate)
    if (this.#roots.some(root => root.directory === candidate) || text.endsWith('/')) throw notAFile(text)
    const real = await this.#realInside(text, path.dirname(candidate))
    const directory = await opened(text, open(real, O_RDONLY | O_DIRECTORY | O_NOFOLLOW))
    try {
      const inProc = await this.#checkOpened(text, directory, real)
      const base = inProc ? `${this.#descriptors}/${directory.fd}` : real
      const target = path.join(base, name)
      const present = await lstat(target).catch(ignoreAbsent)
      if (present !== undefined && !present.isFile() && !present.isSymbolicLink()) throw notAFile(text)
      const temporary = path.join(base, `.torc-${Buffer.from(this.#random.bytes(8)).toString('hex')}.part`)
      const file = await opened(text, open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, fileMode))
      return new TemporaryFile({
        text,
        file,
        directory,
        temporary,
        target,
        beforeRename: inProc ? undefined : () => this.#checkAgain(text, directory, real),
      })
    } catch (error) {
      await directory.close()
      throw error
    }
  }

  /** `candidate` with all symlinks followed; PATH_DENIED when that leads out of the roots. */
  async #realInside(text: string, candidate: string): Promise<string> {
    const real = await opened(text, realpath(candidate))
    if (!(await this.#isInsideRoots(real))) throw pathDenied(text, 'a symlink leads out of the shared roots')
    return real
  }

  async #isInsideRoots(real: string): Promise<boolean> {
    for (const { directory } of this.#roots) {
      // A root may itself be reached over a symlink; that was the operator's choice.
      const rootReal = await realpath(directory).catch(ignoreAbsent)
      if (rootReal !== undefined && isInside(rootReal, real)) return true
    }
    return false
  }

  /** Judges what is open. Returns whether the system names descriptors. */
  async #checkOpened(text: string, file: FileHandle, real: string): Promise<boolean> {
    const actual = await readlink(`${this.#descriptors}/${file.fd}`).catch(ignoreAbsent)
    if (actual === undefined) {
      await this.#checkAgain(text, file, real)
      return false
    }
    if (!(await this.#isInsideRoots(actual))) throw pathDenied(text, 'it was moved out of the shared roots')
    return true
  }

  async #checkAgain(text: string, file: FileHandle, real: string): Promise<void> {
    const [again, held, named] = await Promise.all([realpath(real), file.stat(), lstat(real)])
    if (again !== real || held.ino !== named.ino || held.dev !== named.dev) {
      throw pathDenied(text, 'it changed while it was opened')
    }
  }
}

interface TemporaryParts {
  readonly text: string
  readonly file: FileHandle
  readonly directory: FileHandle
  readonly temporary: string
  readonly target: string
  readonly beforeRename: (() => Promise<void>) | undefined
}

class TemporaryFile implements FileWriter {
  readonly #parts: TemporaryParts

  constructor(parts: TemporaryParts) {
    this.#parts = parts
  }

  async write(piece: Uint8Array): Promise<void> {
    for (let at = 0; at < piece.length; ) {
      const { bytesWritten } = await opened(this.#parts.text, this.#parts.file.write(piece, at))
      at += bytesWritten
    }
  }

  /** Contents are durable before the name is, and the name before this resolves. */
  async commit(): Promise<void> {
    const { text, file, directory, temporary, target, beforeRename } = this.#parts
    try {
      await opened(text, file.sync())
      await beforeRename?.()
      await opened(text, rename(temporary, target))
      await directory.sync()
    } catch (error) {
      await this.abort()
      throw error
    }
    await file.close()
    await directory.close()
  }

  async abort(): Promise<void> {
    const { file, directory, temporary } = this.#parts
    // Whatever made it fail is the error to report; a leftover is best removed, and may be gone already.
    await rm(temporary, { force: true }).catch(() => undefined)
    await file.close().catch(() => undefined)
    await directory.close().catch(() => undefined)
  }
}

async function* piecesOf(file: FileHandle): AsyncGenerator<Uint8Array> {
  for (let at = 0; ; ) {
    const piece = Buffer.allocUnsafeSlow(pieceBytes)
    const { bytesRead } = await file.read(piece, 0, pieceBytes, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield bytesRead === pieceBytes ? piece : piece.subarray(0, bytesRead)
  }
}

/** Waits for a call on the disk and says what its failure means to a client. */
async function opened<T>(text: string, call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const name = JSON.stringify(text.slice(0, 200))
    switch (code) {
      case 'ENOENT':
        throw new TorcError('FILE_NOT_FOUND', `there is no file ${name} on the server`, { cause })
      case 'EISDIR':
      case 'ENOTDIR':
        throw notAFile(text, cause)
      case 'EACCES':
      case 'EPERM':
      case 'EROFS':
        throw new TorcError('FILE_ACCESS', `the server may not use ${name} (${code})`, { cause })
      case 'ELOOP':
        throw pathDenied(text, 'a symlink took its place')
      case 'ENOSPC':
      case 'EDQUOT':
        throw new TorcError('DISK_FULL', `there is no space for ${name}`, { cause })
      default:
        throw TorcError.from(cause)
    }
  }
}

function notAFile(text: string, cause?: unknown): TorcError {
  return new TorcError('NOT_A_FILE', `${JSON.stringify(text.slice(0, 200))} is not a regular file`, { cause })
}

function ignoreAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
  throw error
}
