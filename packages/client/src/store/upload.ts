import type { Hasher } from '@torc/protocol/environment/hasher'
import { TorcError } from '@torc/protocol/errors'
import type { LateFields, OutgoingBody } from '@torc/protocol/exchange/exchange'
import { limits } from '@torc/protocol/limits'
import { type LateFacts, sealedOnce, withLateFacts } from '@torc/protocol/store/late-facts'
import type { BodyInput } from '@torc/protocol/store/object-store'
import type { Sendable } from '../connection/caller.js'
import { RepeatableBody } from './repeatable-body.js'

/** A body on its way out: how to send it (again), and its digest. */
export interface Upload extends Sendable {
  /** Bytes, where they are known before sending. */
  readonly size: number | undefined
  /** Digest, where it is known before sending. */
  readonly sha256: Uint8Array | undefined
  /** Digest of what the last attempt sent, once it is over. */
  sentSha256(): Uint8Array | undefined
  /** What the writer learned of the body, where all of it is here: it goes with the request's head. */
  readonly facts: LateFacts | undefined
  /** The etag that the last attempt asked for with what it learned, once it is over. */
  sentEtag(): string | undefined
  /** Why the caller's source failed, when it did: that is the error to show, not what it did to the request. */
  readonly sourceError: unknown
}

type Progress = ((bytes: number) => void) | undefined

/** What a caller may say about a body that is sent. */
export interface UploadSettings extends LateFacts {
  readonly size?: number | undefined
  readonly seal?: (() => LateFacts) | undefined
  readonly onProgress?: Progress
}

/** What to send for a caller's body. Streams are hashed as they leave; `size` is checked when it is known. */
export function uploadOf(input: BodyInput, hasher: Hasher, settings: UploadSettings): Upload {
  if (typeof input === 'string') return new BytesUpload(Buffer.from(input), hasher, settings)
  if (input instanceof Uint8Array) return new BytesUpload(input, hasher, settings)
  if (typeof input?.[Symbol.asyncIterator] !== 'function') {
    throw new TorcError('BAD_REQUEST', 'a body must be bytes, a string or an async iterable of bytes')
  }
  return new StreamUpload(input, hasher, settings)
}

class BytesUpload implements Upload {
  readonly #bytes: Uint8Array
  readonly #onProgress: Progress
  readonly sha256: Uint8Array
  readonly resendable = true
  readonly sourceError = undefined
  readonly facts: LateFacts | undefined

  constructor(bytes: Uint8Array, hasher: Hasher, { seal, onProgress }: UploadSettings) {
    this.#bytes = bytes
    this.#onProgress = onProgress
    this.sha256 = hasher.sha256(bytes)
    // All of the body is here: there is nothing to wait for.
    this.facts = sealedOnce(seal)?.()
  }

  sentEtag(): string | undefined {
    return this.facts?.etag
  }

  get size(): number {
    return this.#bytes.length
  }

  get streams(): boolean {
    return this.#bytes.length > limits.inlineBodyBytesMax
  }

  attempt(): OutgoingBody {
    if (!this.streams) {
      this.#onProgress?.(this.#bytes.length)
      return this.#bytes
    }
    // Only a stream tells how far it has come.
    if (this.#onProgress === undefined) return this.#bytes
    return { stream: slices(this.#bytes, this.#onProgress), sha256: () => this.sha256 }
  }

  sentSha256(): Uint8Array {
    return this.sha256
  }
}

async function* slices(bytes: Uint8Array, onProgress?: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += limits.dataBytesMax) {
    const slice = bytes.subarray(at, at + limits.dataBytesMax)
    yield slice
    onProgress?.(slice.length)
  }
}

class StreamUpload implements Upload {
  readonly #input: AsyncIterable<Uint8Array>
  readonly #hasher: Hasher
  readonly #settings: UploadSettings
  readonly #seal: (() => LateFacts) | undefined
  readonly sha256 = undefined
  readonly facts = undefined
  readonly streams = true
  #begun = false
  #digest: Uint8Array | undefined
  #late: LateFacts | undefined
  sourceError: unknown

  constructor(input: AsyncIterable<Uint8Array>, hasher: Hasher, settings: UploadSettings) {
    this.#input = input
    this.#hasher = hasher
    this.#settings = settings
    this.#seal = sealedOnce(settings.seal)
  }

  get size(): number | undefined {
    return this.#settings.size
  }

  get resendable(): boolean {
    return this.sourceError === undefined && (!this.#begun || this.#input instanceof RepeatableBody)
  }

  attempt(): OutgoingBody {
    this.#digest = undefined
    return { stream: this.#pieces(), sha256: () => this.#digest, late: () => this.#lateFields() }
  }

  sentSha256(): Uint8Array | undefined {
    return this.#digest
  }

  sentEtag(): string | undefined {
    return this.#late?.etag
  }

  /** What goes with END. Checked with what went before it, as the server would find the same, only later. */
  #lateFields(): LateFields {
    try {
      this.#late = this.#seal?.()
      withLateFacts(this.#settings, this.#late)
    } catch (error) {
      this.sourceError = error
      throw error
    }
    const { etag, metadata } = this.#late ?? {}
    return {
      ...(etag === undefined ? {} : { etag }),
      ...(metadata === undefined ? {} : { metadata: metadata.map(([name, value]) => [name, value]) }),
    }
  }

  async *#pieces(): AsyncGenerator<Uint8Array> {
    this.#begun = true
    const digest = this.#hasher.stream()
    try {
      for await (const bytes of piecesOf(this.#input, this.size)) {
        digest.update(bytes)
        yield bytes
        this.#settings.onProgress?.(bytes.length)
      }
    } catch (error) {
      this.sourceError = error
      throw error
    }
    this.#digest = digest.digest()
  }
}

/** Pieces of a caller's body: bytes, none empty, together as many as were announced (BAD_REQUEST). */
export async function* piecesOf(
  input: Uint8Array | AsyncIterable<Uint8Array>,
  size: number | undefined,
): AsyncGenerator<Uint8Array> {
  let total = 0
  for await (const piece of input instanceof Uint8Array ? slices(input) : input) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
    if (!(bytes instanceof Uint8Array)) throw new TorcError('BAD_REQUEST', 'a streamed body must yield bytes')
    if (bytes.length === 0) continue
    total += bytes.length
    checkSize(size, total, false)
    yield bytes
  }
  checkSize(size, total, true)
}

function checkSize(size: number | undefined, total: number, ended: boolean): void {
  if (size === undefined || total === size || (!ended && total < size)) return
  throw new TorcError(
    'BAD_REQUEST',
    `the body has ${ended ? total : 'more'} bytes, but ${size} were announced`,
    {
      hint: 'Did the file change while it was being read? Try again.',
    },
  )
}
