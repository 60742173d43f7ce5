import { TorcError } from '../errors.js'
import { sizeOf } from '../frames/frame.js'
import type { IncomingBody } from './exchange.js'
import type { ReceiveWindow } from './receive-window.js'

/** The pieces as one view or one buffer; TOO_LARGE beyond `bytesMax`. */
export function gather(pieces: readonly Uint8Array[], bytesMax: number): Uint8Array {
  const size = sizeOf(pieces)
  if (size > bytesMax)
    throw new TorcError('TOO_LARGE', `a body of ${size} bytes; at most ${bytesMax} are taken`)
  const [only] = pieces
  return only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces, size)
}

/** A body that rode in its frame. */
export class InlineBody implements IncomingBody {
  readonly inline: readonly Uint8Array[]
  readonly sha256 = undefined

  constructor(pieces: readonly Uint8Array[]) {
    this.inline = pieces
  }

  async bytes(bytesMax: number): Promise<Uint8Array> {
    return gather(this.inline, bytesMax)
  }

  discard(): void {
    // All of it is here already: there is no sender to stop.
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    yield* this.inline
  }
}

/** What a stream that arrives tells its call. */
export interface IncomingStreamOwner {
  /** Bytes were read or came: the deadline moves on. */
  onProgress(): void
  /** The program wants no more of it. */
  onDiscard(): void
  /** `bytes` (negative: were read) wait in memory. */
  onBuffered(bytes: number): void
}

interface Reader {
  resolve(result: IteratorResult<Uint8Array>): void
  reject(error: TorcError): void
}

const over: IteratorResult<Uint8Array> = { done: true, value: undefined }

/** A body that arrives as DATA. Never more than the window waits here. */
export class IncomingStream implements IncomingBody, AsyncIterator<Uint8Array> {
  readonly inline = undefined
  sha256: Uint8Array | undefined
  readonly #window: ReceiveWindow
  readonly #owner: IncomingStreamOwner
  #pieces: Uint8Array[] = []
  #next = 0
  #waiting: Reader | undefined
  #ended = false
  #error: TorcError | undefined
  #discarded = false
  #read = false

  constructor(window: ReceiveWindow, owner: IncomingStreamOwner) {
    this.#window = window
    this.#owner = owner
  }

  /** No more can come: END came, it failed or it was discarded. */
  get over(): boolean {
    return this.#ended || this.#error !== undefined || this.#discarded
  }

  /** END came (not merely a failure or a discard). */
  get ended(): boolean {
    return this.#ended
  }

  push(pieces: readonly Uint8Array[]): void {
    const size = sizeOf(pieces)
    this.#window.takeData(size)
    if (this.over) return
    this.#owner.onProgress()
    for (const piece of pieces) {
      if (piece.length === 0) continue
      const waiting = this.#waiting
      if (waiting === undefined) {
        this.#pieces.push(piece)
        this.#owner.onBuffered(piece.length)
      } else {
        this.#waiting = undefined
        this.#window.consumed(piece.length)
        waiting.resolve({ done: false, value: piece })
      }
    }
  }

  finish(sha256: Uint8Array | undefined): void {
    if (this.over) return
    this.sha256 = sha256
    this.#ended = true
    this.#waiting?.resolve(over)
    this.#waiting = undefined
  }

  /** What has come already is dropped too: a body is whole or it fails. */
  fail(error: TorcError): void {
    if (this.over) return
    this.#error = error
    this.#drop()
    this.#waiting?.reject(error)
    this.#waiting = undefined
  }

  #drop(): void {
    let waiting = 0
    for (let i = this.#next; i < this.#pieces.length; i++) waiting += this.#pieces[i]?.length ?? 0
    this.#pieces = []
    this.#next = 0
    if (waiting > 0) this.#owner.onBuffered(-waiting)
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    if (this.#read) throw new TorcError('INTERNAL', 'a body can be read only once')
    this.#read = true
    return this
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const piece = this.#pieces[this.#next]
    if (piece !== undefined) {
      this.#next++
      if (this.#next === this.#pieces.length) {
        this.#pieces = []
        this.#next = 0
      }
      this.#owner.onBuffered(-piece.length)
      if (!this.#ended) this.#window.consumed(piece.length)
      this.#owner.onProgress()
      return Promise.resolve({ done: false, value: piece })
    }
    if (this.#error !== undefined) return Promise.reject(this.#error)
    if (this.#ended || this.#discarded) return Promise.resolve(over)
    if (this.#waiting !== undefined) {
      return Promise.reject(new TorcError('INTERNAL', 'a body is read piece by piece: await the one before'))
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  /** Leaving the loop early discards the rest. */
  return(): Promise<IteratorResult<Uint8Array>> {
    this.discard()
    return Promise.resolve(over)
  }

  async bytes(bytesMax: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    let size = 0
    for await (const piece of this) {
      size += piece.length
      if (size > bytesMax) throw new TorcError('TOO_LARGE', `a body of more than ${bytesMax} bytes`)
      pieces.push(piece)
    }
    return gather(pieces, bytesMax)
  }

  discard(): void {
    const tell = !this.over
    this.#drop()
    if (!tell) return
    this.#discarded = true
    this.#waiting?.resolve(over)
    this.#waiting = undefined
    this.#owner.onDiscard()
  }
}
