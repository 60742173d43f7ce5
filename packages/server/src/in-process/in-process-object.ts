import type { Hasher } from '@torc/protocol/environment/hasher'
import { TorcError } from '@torc/protocol/errors'
import { BodyDigest } from '@torc/protocol/store/body-digest'
import type * as s from '@torc/protocol/store/object-store'
import type { StoredBody } from '../bodies/stored-body.js'

/** An object that the coordinator gives to its own process. */
export class InProcessObject implements s.StoredObject {
  readonly bucket: string
  readonly key: string
  readonly versionId: string
  readonly kind: 'object' | 'marker'
  readonly size: number
  readonly etag: string
  readonly sha256: string
  readonly parts: readonly number[] | undefined
  readonly contentType: string
  readonly metadata: readonly (readonly [string, string])[]
  readonly createdAt: Date
  readonly isLatest: boolean
  readonly isNull: boolean
  readonly siblings: readonly string[]
  readonly context: string
  readonly clock: s.ClockView
  readonly degraded: boolean
  readonly range: readonly [number, number] | undefined
  readonly body: AsyncIterable<Uint8Array>
  readonly #stored: StoredBody
  #taken = false

  constructor(info: s.VersionInfo, stored: StoredBody, hasher: Hasher, onProgress?: (bytes: number) => void) {
    this.bucket = info.bucket
    this.key = info.key
    this.versionId = info.versionId
    this.kind = info.kind
    this.size = info.size
    this.etag = info.etag
    this.sha256 = info.sha256
    this.parts = info.parts
    this.contentType = info.contentType
    this.metadata = info.metadata
    this.createdAt = info.createdAt
    this.isLatest = info.isLatest
    this.isNull = info.isNull
    this.siblings = info.siblings
    this.context = info.context
    this.clock = info.clock
    this.degraded = info.degraded
    this.range = stored.range === undefined ? undefined : [stored.range.first, stored.range.last]
    this.#stored = stored
    this.body = { [Symbol.asyncIterator]: () => this.#read(hasher, onProgress) }
  }

  async bytes(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    for await (const piece of this.body) pieces.push(piece)
    const [only] = pieces
    return only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces)
  }

  async text(): Promise<string> {
    return Buffer.from(await this.bytes()).toString()
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text())
  }

  discard(): void {
    // Nothing was asked of any agent before the first read.
    this.#taken = true
  }

  async *#read(
    hasher: Hasher,
    onProgress: ((bytes: number) => void) | undefined,
  ): AsyncGenerator<Uint8Array> {
    if (this.#taken) throw new TorcError('BAD_REQUEST', 'a body can be read once')
    this.#taken = true
    const digest = this.range === undefined ? new BodyDigest(hasher, this) : undefined
    for await (const piece of this.#stored.stream ?? this.#stored.pieces ?? []) {
      digest?.update(piece)
      yield piece
      onProgress?.(piece.length)
    }
    if (digest !== undefined && Buffer.from(digest.digest()).toString('hex') !== this.sha256) {
      throw new TorcError(
        'CHECKSUM',
        `${this.bucket}/${this.key} came with another SHA-256 than it was stored with`,
      )
    }
  }
}
