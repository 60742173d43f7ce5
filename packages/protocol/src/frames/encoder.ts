import { Writer } from '../codec/writer.js'
import { TorcError } from '../errors.js'
import { limits } from '../limits.js'
import { sizeOf } from './frame.js'

/** Headers, heads and small bodies of one batch share a slab; a busy connection's grows up to the second size. */
const slabBytesFirst = 64 * 1024
const slabBytesMax = 512 * 1024
/** A frame begins in a new slab when less than this is left: most heads fit, and need not be moved. */
const slabRoomMin = 4 * 1024

/** Bodies up to this many bytes are copied behind their head: measured cheaper than a writev entry of their own. */
const copiedBodyBytesMax = 4 * 1024

/** Where a frame's head begins at the earliest: behind length, array header, type and stream. */
const headAtMin = 7

/**
 * Collects frames in batches. Small frames share one buffer; a large body is a piece of its own and is never
 * copied. The pieces of a batch, one after the other, are the frames.
 *
 * A frame is `begin`, one map written to the returned writer, then `finish` (or `abandon`).
 */
export class FrameEncoder {
  readonly #writer: Writer
  /** Pieces that wait, in groups that end where a frame ends, so that another encoder's frames may go between. */
  #groups: Uint8Array[][] = []
  #groupedBytes = 0

  constructor(bytes: number = slabBytesFirst) {
    this.#writer = new Writer(bytes, view => this.#addGroup([view], view.length))
  }

  /** Bytes that were added and not taken. */
  get queuedBytes(): number {
    return this.#groupedBytes + this.#writer.position - this.#writer.base
  }

  begin(type: number, stream: number, hasBody: boolean): Writer {
    const writer = this.#writer
    if (writer.room < slabRoomMin) this.#nextSlab()
    writer.mark = writer.position
    writer.ensure(24)
    writer.position += 4
    writer.byte(hasBody ? 0x94 : 0x93)
    writer.integer(type)
    writer.integer(stream)
    return writer
  }

  #nextSlab(): void {
    this.#group(undefined, 0)
    this.#writer.renew(Math.min(slabBytesMax, Math.max(slabBytesFirst, this.#writer.buffer.length * 2)))
  }

  /**
   * Ends the frame, with a body where `begin` announced one. TOO_LARGE (and abandoned) beyond `bytesMax`, or with
   * a head that no receiver takes.
   */
  finish(body: readonly Uint8Array[] | undefined, bytesMax: number): number {
    const writer = this.#writer
    const headBytes = writer.position - writer.mark - headAtMin
    if (headBytes > limits.headBytesMax) {
      this.abandon()
      throw new TorcError(
        'TOO_LARGE',
        `a head of ${headBytes} bytes; at most ${limits.headBytesMax} are taken`,
      )
    }
    const bodyBytes = body === undefined ? 0 : sizeOf(body)
    if (body !== undefined) writer.bytesHeader(bodyBytes)
    const at = writer.mark
    const length = writer.position - at - 4 + bodyBytes
    if (length > bytesMax) {
      this.abandon()
      throw new TorcError('TOO_LARGE', `a frame of ${length} bytes; the peer takes ${bytesMax}`)
    }
    const { buffer } = writer
    buffer[at] = length >>> 24
    buffer[at + 1] = length >>> 16
    buffer[at + 2] = length >>> 8
    buffer[at + 3] = length
    if (body === undefined) return length
    if (bodyBytes <= copiedBodyBytesMax) for (const piece of body) writer.raw(piece)
    else this.#group(body, bodyBytes)
    return length
  }

  /** Forgets the frame that was begun, after its head could not be written. */
  abandon(): void {
    this.#writer.position = this.#writer.mark
  }

  /** Closes a group: what the slab holds and was not taken, and the body that follows it. */
  #group(body: readonly Uint8Array[] | undefined, bodyBytes: number): void {
    const view = this.#writer.take()
    if (view.length === 0) return
    const group: Uint8Array[] = [view]
    if (body !== undefined) for (const piece of body) if (piece.length > 0) group.push(piece)
    this.#addGroup(group, view.length + bodyBytes)
  }

  #addGroup(group: Uint8Array[], bytes: number): void {
    this.#groups.push(group)
    this.#groupedBytes += bytes
  }

  /**
   * The pieces of whole frames, in order: all, or as many as make up about `bytesMax`. Their bytes stay as they
   * are until `recycle`.
   */
  take(bytesMax = Number.POSITIVE_INFINITY): Uint8Array[] {
    if (this.#groups.length === 0) {
      const view = this.#writer.take()
      return view.length === 0 ? [] : [view]
    }
    if (this.#groupedBytes < bytesMax) this.#group(undefined, 0)
    const pieces: Uint8Array[] = []
    let bytes = 0
    let count = 0
    while (count < this.#groups.length && bytes < bytesMax) {
      for (const piece of this.#groups[count] ?? []) {
        pieces.push(piece)
        bytes += piece.length
      }
      count++
    }
    this.#groups = count === this.#groups.length ? [] : this.#groups.slice(count)
    this.#groupedBytes -= bytes
    return pieces
  }

  /** Everything that was taken has been sent: its memory may be used again. */
  recycle(): void {
    if (this.#groups.length > 0) return
    // A single large head may have stretched the slab; it need not stay so.
    if (this.#writer.buffer.length > slabBytesMax && this.queuedBytes === 0)
      this.#writer.renew(slabBytesFirst)
    else this.#writer.recycle()
  }
}

/** One frame as pieces `[header and head, …body]`. */
export function encodeFrame(
  type: number,
  stream: number,
  head: Readonly<Record<string, unknown>>,
  body?: readonly Uint8Array[],
): Uint8Array[] {
  const encoder = new FrameEncoder(slabRoomMin)
  encoder.begin(type, stream, body !== undefined).value(head)
  encoder.finish(body, limits.frameBytesMax)
  return encoder.take()
}
