import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { TorcError } from '@torc/protocol/errors'
import { fileError } from './file-errors.js'

/**
 * Writes a body to `path` under a temporary name beside it and renames it when it is complete, so that a
 * reader never sees half of it and a failure leaves what was there. Pipes and devices are written directly.
 */
export async function writeFileWhole(path: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  // What can't be looked at is most often not there yet; anything else fails below, when it is written.
  const there = await stat(path).catch(() => undefined)
  if (there?.isDirectory()) throw new TorcError('NOT_A_FILE', `${path} is a directory`)
  if (there !== undefined && !there.isFile()) return writeInto(path, body)
  // A link that the user named stays; what it points to is replaced.
  const target = there === undefined ? path : await realpath(path)
  await replaceFile(target, body, there?.mode)
}

/** As `writeFileWhole`, but a link at `path` is itself replaced: for names that came from a server. */
export async function replaceFile(
  path: string,
  body: AsyncIterable<Uint8Array>,
  mode = 0o666,
): Promise<void> {
  const name = `.${basename(path).slice(0, 64)}.${randomBytes(6).toString('hex')}.torc`
  const temporary = join(dirname(path), name)
  let made = false
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
    const file = await open(temporary, flags, mode & 0o777)
    made = true
    try {
      for await (const piece of body) await writeAll(file, piece)
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    if (made) await rm(temporary, { force: true })
    throw fileError(error, path)
  }
}

interface Writer {
  write(bytes: Uint8Array, offset: number): Promise<{ bytesWritten: number }>
}

/** Writes all of a piece: a single call may take a part of it. */
export async function writeAll(file: Writer, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) offset += (await file.write(bytes, offset)).bytesWritten
}

async function writeInto(path: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    const file = await open(path, 'w')
    try {
      for await (const piece of body) await writeAll(file, piece)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw fileError(error, path)
  }
}
