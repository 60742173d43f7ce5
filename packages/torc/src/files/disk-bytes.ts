import { mkdirSync, statfsSync } from 'node:fs'
import { TorcError } from '@torc/protocol/errors'

/** Size of the file system that a directory lies on, in bytes. Makes the directory where it is missing. */
export function diskBytes(directory: string): number {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const { blocks, bsize } = statfsSync(directory)
    return blocks * bsize
  } catch (thrown) {
    throw new TorcError(
      'DATA_DIRECTORY',
      `the data directory ${directory} can't be used: ${(thrown as Error).message}`,
      {
        cause: thrown,
      },
    )
  }
}
