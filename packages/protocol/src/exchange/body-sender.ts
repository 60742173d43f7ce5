import { TorcError } from '../errors.js'
import { sizeOf } from '../frames/frame.js'
import type { Lease } from '../frames/lease.js'
import type { BodyEnd } from '../messages/control.js'
import type { LateFields, OutgoingBody } from './exchange.js'

/** What a body that leaves needs of its call. */
export interface BodySenderOwner {
  /** Bytes that the peer still takes on this stream. */
  window: number
  /** Largest body of a DATA frame that the peer takes. */
  readonly dataBytesMax: number
  /** False while too much is queued on the connection. */
  readonly hasRoom: boolean
  whenRoom(callback: () => void): void
  /** Gives `lease` back when all that was sent so far has left this process. */
  releaseSent(lease: Lease): void
  sendData(pieces: readonly Uint8Array[]): void
  sendEnd(end: BodyEnd): void
  /** All is sent, or the peer wanted no more. */
  onSent(): void
  /** The program's source failed. */
  onSourceError(error: TorcError): void
}

/** The pieces of a body that is known at once; undefined for a stream. */
export function knownPieces(body: OutgoingBody): readonly Uint8Array[] | undefined {
  if (body instanceof Uint8Array) return [body]
  if ('stream' in body) return undefined
  return 'leases' in body ? body.leases.map(({ bytes }) => bytes) : body
}

/** What is to be given back when the body has left, or is not sent at all. */
export function leasesOfBody(body: OutgoingBody | undefined): readonly Lease[] {
  return body !== undefined && 'leases' in body ? body.leases : noLeases
}

const noLeases: readonly Lease[] = []

/** Pieces that fit into the frame itself; undefined when the body must be a stream. */
export function inlinePieces(
  body: OutgoingBody | undefined,
  bytesMax: number,
): readonly Uint8Array[] | undefined {
  if (body === undefined) return undefined
  const pieces = knownPieces(body)
  return pieces !== undefined && sizeOf(pieces) <= bytesMax ? pieces : undefined
}

/**
 * Sends a body as DATA: as far as the peer's window and the connection's queue allow, then it waits for a
 * CREDIT or for room. The program's source is asked for more only when all before has left.
 */
export class BodySender {
  readonly #owner: BodySenderOwner
  #pieces: readonly (Uint8Array | Lease)[]
  /** Index of the piece that is under way and its bytes that were sent. */
  #index = 0
  #offset = 0
  #stream: AsyncIterable<Uint8Array | Lease> | undefined
  #source: AsyncIterator<Uint8Array | Lease> | undefined
  readonly #sha256: (() => Uint8Array | undefined) | undefined
  readonly #late: (() => LateFields | undefined) | undefined
  #pulling = false
  #waitsForRoom = false
  #over = false

  constructor(owner: BodySenderOwner, body: OutgoingBody) {
    this.#owner = owner
    if (!(body instanceof Uint8Array) && 'stream' in body) {
      this.#pieces = []
      this.#stream = body.stream
      this.#sha256 = body.sha256
      this.#late = body.late
    } else this.#pieces = body instanceof Uint8Array ? [body] : 'leases' in body ? body.leases : body
  }

  get over(): boolean {
    return this.#over
  }

  /** Sends what may be sent now. Called at the start, on CREDIT and when there is room. */
  pump(): void {
    while (!this.#over) {
      if (this.#index < this.#pieces.length) {
        if (!this.#sendSome()) return
      } else if (this.#stream !== undefined) {
        if (!this.#pulling) this.#pull(this.#stream)
        return
      } else {
        this.#finish()
        return
      }
    }
  }

  /** One DATA frame; false when it has to wait. */
  #sendSome(): boolean {
    const owner = this.#owner
    if (!owner.hasRoom) {
      if (!this.#waitsForRoom) {
        this.#waitsForRoom = true
        owner.whenRoom(() => {
          this.#waitsForRoom = false
          this.pump()
        })
      }
      return false
    }
    let left = Math.min(owner.window, owner.dataBytesMax)
    const batch: Uint8Array[] = []
    const sent: Lease[] = []
    let size = 0
    while (this.#index < this.#pieces.length && left > 0) {
      const item = this.#pieces[this.#index] as Uint8Array | Lease
      const piece = item instanceof Uint8Array ? item : item.bytes
      const rest = piece.length - this.#offset
      const take = Math.min(rest, left)
      if (take > 0)
        batch.push(take === piece.length ? piece : piece.subarray(this.#offset, this.#offset + take))
      size += take
      left -= take
      if (take === rest) {
        this.#index++
        this.#offset = 0
        if (!(item instanceof Uint8Array)) sent.push(item)
      } else this.#offset += take
    }
    if (size > 0) {
      owner.window -= size
      owner.sendData(batch)
    }
    for (const lease of sent) owner.releaseSent(lease)
    return this.#index >= this.#pieces.length || owner.window > 0
  }

  #pull(stream: AsyncIterable<Uint8Array | Lease>): void {
    this.#pulling = true
    let next: Promise<IteratorResult<Uint8Array | Lease>>
    try {
      this.#source ??= stream[Symbol.asyncIterator]()
      next = this.#source.next()
    } catch (error) {
      this.#fail(error)
      return
    }
    next.then(
      result => {
        this.#pulling = false
        if (this.#over) {
          if (result.done !== true && !(result.value instanceof Uint8Array)) result.value.release()
          return
        }
        if (result.done === true) {
          this.#stream = undefined
          this.#source = undefined
        } else {
          this.#pieces = [result.value]
          this.#index = 0
          this.#offset = 0
        }
        this.pump()
      },
      (error: unknown) => this.#fail(error),
    )
  }

  #fail(error: unknown): void {
    if (this.#over) return
    this.#over = true
    this.#stream = undefined
    this.#source = undefined
    this.#owner.onSourceError(TorcError.from(error))
  }

  #finish(): void {
    let end: BodyEnd
    try {
      const sha256 = this.#sha256?.()
      end = { ...this.#late?.(), ...(sha256 === undefined ? {} : { sha256 }) }
    } catch (error) {
      this.#fail(error)
      return
    }
    this.#over = true
    this.#owner.sendEnd(end)
    this.#owner.onSent()
  }

  /** Stops: the peer wants no more, or the call is over. The source is told. */
  stop(): void {
    if (this.#over) return
    this.#over = true
    const source = this.#source
    const stream = this.#stream
    this.#source = undefined
    this.#stream = undefined
    // Of the first of them some may have been sent.
    for (const item of this.#pieces.slice(this.#index))
      if (!(item instanceof Uint8Array)) this.#owner.releaseSent(item)
    this.#pieces = []
    this.#index = 0
    if (source !== undefined) release(source)
    else if (stream !== undefined) release(stream[Symbol.asyncIterator]())
  }
}

/** Tells a source that nobody reads on: it may hold a file or a connection. */
function release(source: AsyncIterator<Uint8Array | Lease>): void {
  const cleanUp = async (): Promise<void> => void (await source.return?.())
  // Whoever waited for the call has its outcome already, so that a failure to clean up concerns nobody.
  cleanUp().catch(() => {})
}

/** Releases a body that will not be sent at all. */
export function releaseBody(body: OutgoingBody | undefined): void {
  if (body === undefined || body instanceof Uint8Array) return
  if ('stream' in body) release(body.stream[Symbol.asyncIterator]())
  else for (const lease of leasesOfBody(body)) lease.release()
}
