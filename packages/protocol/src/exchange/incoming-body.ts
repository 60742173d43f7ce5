import { TorcError } from '../errors.js'
import { sizeOf } from '../frames/frame.js'
import type { Lease } from '../frames/lease.js'
import type { BodyEnd } from '../messages/control.js'
import type { IncomingBody, LateFields } from './exchange.js'
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
  resolve(lease: Lease | undefined): void
  reject(error: TorcError): void
}

/** A body that arrives as DATA. Never more than the window waits here. */
export class IncomingStream implements IncomingBody {
  readonly inline = undefined
  sha256: Uint8Array | undefined
  late: LateFields | undefined
  readonly #window: ReceiveWindow
  readonly #owner: IncomingStreamOwner
  #pieces: Lease[] = []
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

  /** The bytes of a DATA frame: what nobody will read is given back at once. */
  push(lease: Lease): void {
    const size = lease.bytes.length
    this.#window.takeData(size)
    if (this.over) {
      lease.release()
      return
    }
    this.#owner.onProgress()
    const waiting = this.#waiting
    if (waiting === undefined) {
      this.#pieces.push(lease)
      this.#owner.onBuffered(size)
    } else {
      this.#waiting = undefined
      this.#window.consumed(size)
      waiting.resolve(lease)
    }
  }

  finish({ sha256, ...late }: BodyEnd): void {
    if (this.over) return
    this.sha256 = sha256
    this.late = late
    this.#ended = true
    this.#waiting?.resolve(undefined)
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
    for (const lease of this.#pieces.slice(this.#next)) {
      waiting += lease.bytes.length
      lease.release()
    }
    this.#pieces = []
    this.#next = 0
    if (waiting > 0) this.#owner.onBuffered(-waiting)
  }

  /** Pieces that stay as they are, for whoever keeps them. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.#iterator(lease => lease.bytes)
  }

  leases(): AsyncIterable<Lease> {
    return { [Symbol.asyncIterator]: () => this.#iterator(lease => lease) }
  }

  #iterator<T>(give: (lease: Lease) => T): AsyncIterator<T> {
    if (this.#read) throw new TorcError('INTERNAL', 'a body can be read only once')
    this.#read = true
    const over: IteratorResult<T> = { done: true, value: undefined }
    const result = (lease: Lease | undefined): IteratorResult<T> =>
      lease === undefined ? over : { done: false, value: give(lease) }
    return {
      next: () => this.#take().then(result),
      /** Leaving the loop early discards the rest. */
      return: () => {
        this.discard()
        return Promise.resolve(over)
      },
    }
  }

  /** The next piece; undefined after the last one. */
  #take(): Promise<Lease | undefined> {
    const lease = this.#pieces[this.#next]
    if (lease !== undefined) {
      this.#next++
      if (this.#next === this.#pieces.length) {
        this.#pieces = []
        this.#next = 0
      }
      const size = lease.bytes.length
      this.#owner.onBuffered(-size)
      if (!this.#ended) this.#window.consumed(size)
      this.#owner.onProgress()
      return Promise.resolve(lease)
    }
    if (this.#error !== undefined) return Promise.reject(this.#error)
    if (this.#ended || this.#discarded) return Promise.resolve(undefined)
    if (this.#waiting !== undefined) {
      return Promise.reject(new TorcError('INTERNAL', 'a body is read piece by piece: await the one before'))
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  async bytes(bytesMax: number): Promise<Uint8Array> {
    const leases: Lease[] = []
    let size = 0
    for await (const lease of this.leases()) {
      leases.push(lease)
      size += lease.bytes.length
      if (size > bytesMax) throw new TorcError('TOO_LARGE', `a body of more than ${bytesMax} bytes`)
    }
    const pieces = leases.map(({ bytes }) => bytes)
    const whole = gather(pieces, bytesMax)
    // A single piece is the whole, and stays with the caller.
    if (pieces.length > 1) for (const lease of leases) lease.release()
    return whole
  }

  discard(): void {
    const tell = !this.over
    this.#drop()
    if (!tell) return
    this.#discarded = true
    this.#waiting?.resolve(undefined)
    this.#waiting = undefined
    this.#owner.onDiscard()
  }
}
