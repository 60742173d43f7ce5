import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { TorcError } from '@torc/protocol/errors'
import { limits } from '@torc/protocol/limits'
import type { BodyInput } from '@torc/protocol/store/object-store'
import { RepeatableBody } from '../store/repeatable-body.js'
import { fileError } from './file-errors.js'

export interface LocalBody {
  readonly body: BodyInput
  /** Bytes, where the file system knows them. */
  readonly size: number | undefined
}

/**
 * A file as a body: small ones in memory, larger ones as a stream that can be read again, pipes and devices
 * as a stream that can't. NOT_A_FILE for a directory.
 */
export async function readLocalBody(path: string): Promise<LocalBody> {
  try {
    const status = await stat(path)
    if (status.isDirectory()) throw new TorcError('NOT_A_FILE', `${path} is a directory`)
    if (!status.isFile()) return { body: pieces(path), size: undefined }
    if (status.size > limits.inlineBodyBytesMax) {
      return { body: new RepeatableBody(() => pieces(path)), size: status.size }
    }
    const bytes = await readFile(path)
    return { body: bytes, size: bytes.length }
  } catch (error) {
    throw fileError(error, path)
  }
}

async function* pieces(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of createReadStream(path, { highWaterMark: limits.dataBytesMax }))
      yield piece as Buffer
  } catch (error) {
    throw fileError(error, path)
  }
}
