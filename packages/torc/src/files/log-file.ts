import { openSync, renameSync, statSync } from 'node:fs'

/** A log that is larger when a process starts is put aside as `NAME.1`. */
const logBytesMax = 32 * 1024 * 1024

/** Opens a log for appending and returns its descriptor. The older one of two put aside is overwritten. */
export function openLog(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found !== undefined && found.size > logBytesMax) renameSync(path, `${path}.1`)
  return openSync(path, 'a', 0o600)
}
