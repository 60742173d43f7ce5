import { TorcError } from '@torc/protocol/errors'
import { fileError } from '../../files/file-errors.js'

/** More than any system takes as the target of a link. */
const targetBytesMax = 4096

/** The whole of a link's target. */
export async function targetOf(name: string, body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of body) {
    size += piece.length
    if (size > targetBytesMax) {
      throw new TorcError('FILE_ACCESS', `${name}: the link's target is too long`, {
        hint: 'Remove the object in the store: it is no link that this machine can have.',
      })
    }
    pieces.push(Uint8Array.from(piece))
  }
  return Buffer.concat(pieces)
}

/** A body that nobody wants is told so: what it comes from can be closed. */
export async function discard(body: AsyncIterable<Uint8Array>): Promise<void> {
  await body[Symbol.asyncIterator]().return?.()
}

/** One piece, as often as it is asked for. */
export function bodyOf(piece: Uint8Array): AsyncIterable<Uint8Array> {
  return {
    async *[Symbol.asyncIterator]() {
      yield piece
    },
  }
}

export async function* withFileErrors(
  pieces: AsyncIterable<Uint8Array>,
  path: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces
  } catch (error) {
    throw fileError(error, path)
  }
}

/** From a call on the file system, and not from whoever gave a body. */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}
