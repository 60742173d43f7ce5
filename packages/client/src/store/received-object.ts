import type { Hasher } from '@torc/protocol/environment/hasher'
import { TorcError } from '@torc/protocol/errors'
import type { IncomingBody } from '@torc/protocol/exchange/exchange'
import { BodyDigest } from '@torc/protocol/store/body-digest'
import type { ClockView, StoredObject, VersionInfo } from '@torc/protocol/store/object-store'
import { cancelledBy } from '../connection/deadline.js'
import { lostConnectionsMax } from '../connection/retry.js'
import { hexOf } from './answers.js'

export interface Download {
  readonly hasher: Hasher
  readonly signal: AbortSignal | undefined
  readonly onProgress: ((bytes: number) => void) | undefined
  /**
   * The rest of the same version from byte `from` of the object on, after `error` broke the transfer off there;
   * undefined when it can't be mended so.
   */
  readonly resume: (from: number, error: TorcError) => Promise<IncomingBody | undefined>
}

/** A version with its body still on the wire. */
export class ReceivedObject implements StoredObject {
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
  readonly clock: ClockView
  readonly degraded: boolean
  readonly range: readonly [number, number] | undefined
  readonly #incoming: IncomingBody | undefined
  readonly #download: Download
  #taken = false

  constructor(
    info: VersionInfo,
    range: readonly [number, number] | undefined,
    incoming: IncomingBody | undefined,
    download: Download,
  ) {
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
    this.range = range
    this.#incoming = incoming
    this.#download = download
  }

  get body(): AsyncIterable<Uint8Array> {
    return { [Symbol.asyncIterator]: () => this.#pieces() }
  }

  async bytes(): Promise<Uint8Array> {
    const inline = this.#incoming?.inline
    const [only] = inline ?? []
    if (only !== undefined && inline?.length === 1) {
      this.#take()
      this.#download.onProgress?.(only.length)
      this.#checkLength(only.length)
      if (this.#whole) {
        const digest = new BodyDigest(this.#download.hasher, this)
        digest.update(only)
        this.#checkDigest(digest.digest())
      }
      return only
    }
    const pieces: Uint8Array[] = []
    for await (const piece of this.#pieces()) pieces.push(piece)
    return Buffer.concat(pieces)
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes())
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text())
  }

  discard(): void {
    this.#taken = true
    this.#incoming?.discard()
  }

  get #whole(): boolean {
    return this.range === undefined || (this.range[0] === 0 && this.range[1] === this.size - 1)
  }

  get #expected(): number {
    return this.range === undefined ? this.size : Math.max(0, this.range[1] - this.range[0] + 1)
  }

  #take(): void {
    if (this.#taken)
      throw new TorcError('BAD_REQUEST', 'the body was read already', { hint: 'Call get() again.' })
    this.#taken = true
  }

  async *#pieces(): AsyncGenerator<Uint8Array> {
    this.#take()
    const { hasher, onProgress, signal, resume } = this.#download
    const digest = this.#whole ? new BodyDigest(hasher, this) : undefined
    let source = this.#incoming
    let received = 0
    let fruitless = 0
    let finished = false
    try {
      while (source !== undefined) {
        try {
          for await (const piece of source.inline ?? source) {
            if (signal?.aborted) throw cancelledBy(signal)
            received += piece.length
            fruitless = 0
            digest?.update(piece)
            onProgress?.(piece.length)
            yield piece
          }
          break
        } catch (thrown) {
          const error = TorcError.from(thrown)
          // All is there, only its end was lost: what was received is checked below.
          if (error.code === 'UNREACHABLE' && received === this.#expected) break
          // A transfer that brings nothing, time after time, would go on for ever.
          if (++fruitless > lostConnectionsMax) throw error
          source = await resume((this.range?.[0] ?? 0) + received, error)
          if (source === undefined) throw error
        }
      }
      finished = true
    } finally {
      // The reader left early: the sender must not go on.
      if (!finished) source?.discard()
    }
    this.#checkLength(received)
    if (digest !== undefined) this.#checkDigest(digest.digest())
  }

  #checkLength(received: number): void {
    if (received === this.#expected) return
    throw new TorcError(
      'CHECKSUM',
      `${this.bucket}/${this.key}: ${received} of ${this.#expected} bytes came`,
      {
        hint: 'Read it again; if it stays so, see the log of the server.',
      },
    )
  }

  #checkDigest(digest: Uint8Array): void {
    if (hexOf(digest) === this.sha256) return
    throw new TorcError(
      'CHECKSUM',
      `${this.bucket}/${this.key}: the body does not have the SHA-256 of its version`,
      {
        hint: 'Read it again; if it stays so, the stored data is damaged: see the log of the server.',
      },
    )
  }
}
