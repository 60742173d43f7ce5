import { type ErrorCode, TorcError } from '@torc/protocol/errors'

const codes: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'FILE_NOT_FOUND',
  ENOTDIR: 'FILE_NOT_FOUND',
  EISDIR: 'NOT_A_FILE',
  EACCES: 'FILE_ACCESS',
  EPERM: 'FILE_ACCESS',
  EROFS: 'FILE_ACCESS',
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  ENAMETOOLONG: 'BAD_REQUEST',
  ELOOP: 'FILE_ACCESS',
}

const words: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or directory',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  ENAMETOOLONG: 'the name is too long for this file system',
  EEXIST: 'something is there already',
}

/** A failed call on a local file as an error that names the file. TorcErrors pass unchanged. */
export function fileError(thrown: unknown, path: string): TorcError {
  if (thrown instanceof TorcError) return thrown
  const number = (thrown as NodeJS.ErrnoException | undefined)?.code ?? ''
  const why = words[number] ?? (thrown instanceof Error ? thrown.message : String(thrown))
  const code = codes[number] ?? 'FILE_ACCESS'
  const hint = code === 'DISK_FULL' ? 'Free space on this machine, or choose another directory.' : undefined
  return new TorcError(code, `${path}: ${why}`, { cause: thrown, ...(hint === undefined ? {} : { hint }) })
}
