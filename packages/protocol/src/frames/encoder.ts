import { Writer } from '../codec/writer.js'
import { TorcError } from '../errors.js'
import { limits } from '../limits.js'
import { sizeOf } from './frame.js'

/** Bytes of a slab into which headers, heads and small bodies are written. */
const slabBytes = 64 * 1024

/** Bodies up to this many bytes are copied behind their head: measured cheaper than a writev entry of their own. */
const copiedBodyBytesMax = 4 * 1024

/**
 * Appends frames to a batch. Small frames share one buffer; a large body is a piece of its own and is never
 * copied. The pieces of a batch, one after the other, are the frames.
 *
 * A frame is `begin`, one map written to the returned writer, then `finish` (or `abandon`).
 */
export class FrameEncoder {
  readonly #writer: Writer
  #pieces: Uint8Array[] = []
  #pieceBytes = 0
  #frames = 0
  /** Where the frame that is being written begins, from the writer's base (the slab may move). */
  #start = 0

  constructor(bytes: number = slabBytes) {
    this.#writer = new Writer(bytes)
  }

  /** Bytes of the batch so far. */
  get queuedBytes(): number {
    return this.#pieceBytes + this.#writer.position - this.#writer.base
  }

  /** Frames of the batch so far. */
  get queuedFrames(): number {
    return this.#frames
  }

  begin(type: number, stream: number, hasBody: boolean): Writer {
    const writer = this.#writer
    this.#start = writer.position - writer.base
    writer.ensure(24)
    writer.position += 4
    writer.byte(hasBody ? 0x94 : 0x93)
    writer.integer(type)
    writer.integer(stream)
    return writer
  }

  /** Ends the frame, with a body where `begin` announced one. TOO_LARGE (and abandoned) beyond `bytesMax`. */
  finish(body: readonly Uint8Array[] | undefined, bytesMax: number): number {
    const writer = this.#writer
    const bodyBytes = body === undefined ? 0 : sizeOf(body)
    if (body !== undefined) writer.bytesHeader(bodyBytes)
    const at = writer.base + this.#start
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
    this.#frames++
    if (body === undefined) return length
    if (bodyBytes <= copiedBodyBytesMax) for (const piece of body) writer.raw(piece)
    else {
      this.#detach()
      for (const piece of body) if (piece.length > 0) this.#pieces.push(piece)
      this.#pieceBytes += bodyBytes
    }
    return length
  }

  /** Forgets the frame that was begun, after its head could not be written. */
  abandon(): void {
    this.#writer.position = this.#writer.base + this.#start
  }

  #detach(): void {
    const view = this.#writer.take()
    if (view.length === 0) return
    this.#pieces.push(view)
    this.#pieceBytes += view.length
  }

  /** Everything that was taken has been sent: its memory may be used again. */
  recycle(): void {
    this.#writer.recycle()
  }

  /** The batch, which begins anew. Its bytes stay as they are until `recycle`. */
  take(): Uint8Array[] {
    this.#detach()
    const pieces = this.#pieces
    this.#pieces = []
    this.#pieceBytes = 0
    this.#frames = 0
    return pieces
  }
}

/** One frame as pieces `[header and head, …body]`. */
export function encodeFrame(
  type: number,
  stream: number,
  head: Readonly<Record<string, unknown>>,
  body?: readonly Uint8Array[],
): Uint8Array[] {
  const encoder = new FrameEncoder(1024)
  encoder.begin(type, stream, body !== undefined).value(head)
  encoder.finish(body, limits.frameBytesMax)
  return encoder.take()
}
