import { TorcError } from '@torc/protocol/errors'
import type { IncomingBody } from '@torc/protocol/exchange/exchange'
import { type LateFacts, sealedOnce } from '@torc/protocol/store/late-facts'
import type { BodyInput } from '@torc/protocol/store/object-store'

/** A body to store, from wherever it comes. Pieces are never joined on their way. */
export interface BodySource {
  /** All of it, where it is here already. */
  readonly pieces: readonly Uint8Array[] | undefined
  readonly stream: AsyncIterable<Uint8Array> | undefined
  /** Bytes as announced (checked), undefined when unknown. */
  readonly size: number | undefined
  /** The writer's digest of the whole: known before, or once the stream has ended. Checked. */
  readonly sha256: () => Uint8Array | undefined
  /** What else the writer learned of the body from its bytes: asked for once it was read. It may throw. */
  readonly late?: (() => LateFacts | undefined) | undefined
  /** Tells the sender that nobody will read it. */
  readonly discard: () => void
}

const nothing = (): void => {}

export const emptyBody: BodySource = {
  pieces: [],
  stream: undefined,
  size: 0,
  sha256: () => undefined,
  discard: nothing,
}

/** The body of a request. `size` and `sha256` are what its head says. */
export function receivedBody(
  body: IncomingBody | undefined,
  size: number | undefined,
  sha256: Uint8Array | undefined,
): BodySource {
  if (body === undefined) return { ...emptyBody, size, sha256: () => sha256 }
  return {
    pieces: body.inline,
    stream: body.inline === undefined ? body : undefined,
    size,
    sha256: () => body.sha256 ?? sha256,
    late: () => body.late,
    discard: () => body.discard(),
  }
}

/** A body given in process. */
export function givenBody(
  input: BodyInput,
  size: number | undefined,
  onProgress?: ((bytes: number) => void) | undefined,
  seal?: (() => LateFacts) | undefined,
): BodySource {
  const late = sealedOnce(seal)
  if (typeof input === 'string' || input instanceof Uint8Array) {
    const bytes = typeof input === 'string' ? Buffer.from(input) : input
    onProgress?.(bytes.length)
    return { pieces: [bytes], stream: undefined, size, sha256: () => undefined, late, discard: nothing }
  }
  if (typeof input?.[Symbol.asyncIterator] !== 'function') {
    throw new TorcError('BAD_REQUEST', 'a body must be bytes, a string or an async iterable of bytes')
  }
  return {
    pieces: undefined,
    stream: onProgress === undefined ? input : watched(input, onProgress),
    size,
    sha256: () => undefined,
    late,
    discard: nothing,
  }
}

async function* watched(
  input: AsyncIterable<Uint8Array>,
  onProgress: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of input) {
    yield piece
    onProgress(piece.length)
  }
}
