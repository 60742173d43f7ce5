import { TorcError } from '@torc/protocol/errors'

function codeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return ''
  return typeof thrown.code === 'string' ? thrown.code : ''
}

const full = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL'])

/**
 * Any failure of a disk or database as a TorcError: no room is DISK_FULL (the agent goes on reading), damage is
 * CORRUPT, anything else INTERNAL with its cause kept.
 */
export function diskError(thrown: unknown, doing: string): TorcError {
  if (thrown instanceof TorcError) return thrown
  const code = codeOf(thrown)
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  if (full.has(code)) return new TorcError('DISK_FULL', `no room left while ${doing}`, { cause: thrown })
  if (isDamage(thrown))
    return new TorcError('CORRUPT', `damaged data while ${doing}: ${text}`, { cause: thrown })
  return new TorcError('INTERNAL', `failed while ${doing}: ${text}`, { cause: thrown })
}

/** What systems say of a medium or file system that cannot give back what was stored. */
const unreadable = new Set(['EIO', 'EBADMSG', 'EUCLEAN'])

/** A failure of reading a file: CORRUPT where the medium has lost what was there, else as `diskError`. */
export function readError(thrown: unknown, doing: string): TorcError {
  if (!unreadable.has(codeOf(thrown))) return diskError(thrown, doing)
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  return new TorcError('CORRUPT', `the disk failed while ${doing}: ${text}`, { cause: thrown })
}

/** Whether SQLite says that the file is damaged or no database at all. */
export function isDamage(thrown: unknown): boolean {
  const code = codeOf(thrown)
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB'
}

export function isMissing(thrown: unknown): boolean {
  const code = codeOf(thrown)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** Whether another connection holds the database's lock. */
export function isBusy(thrown: unknown): boolean {
  return codeOf(thrown).startsWith('SQLITE_BUSY')
}
