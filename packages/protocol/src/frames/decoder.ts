import { malformed, Reader, TruncatedError } from '../codec/reader.js'
import { limits } from '../limits.js'
import type { Frame } from './frame.js'
import { PieceList } from './piece-list.js'

/** Called once for each frame, in order. */
export type FrameListener = (frame: Frame) => void

/** A frame of up to this many bytes that arrives in pieces is joined; of larger ones only the head is. */
const joinedFrameBytesMax = 8 * 1024

const noBytes = Buffer.alloc(0)

/**
 * Turns chunks, as they come, into frames. Pure: no socket, no clock. The length of a frame is checked before
 * anything of it is kept; bodies are views on the chunks. PROTOCOL is thrown where framing is lost, and the
 * decoder must not be used after that.
 */
export class FrameDecoder {
  readonly #reader = new Reader(limits.headDepthMax)
  readonly #listener: FrameListener
  readonly #pieces = new PieceList()
  #frameBytesMax: number
  /** Bytes of the frame that is incomplete, without its prefix; −1 while the prefix is incomplete. */
  #length = -1
  #prefix = 0
  #prefixBytes = 0
  #stopped = false
  #raw: Buffer = noBytes
  #rawStart = 0
  #rawEnd = 0

  constructor(listener: FrameListener, frameBytesMax: number = limits.frameBytesMax) {
    this.#listener = listener
    this.#frameBytesMax = frameBytesMax
  }

  /** Raised once a peer has proved itself: before that only small frames are taken. */
  set frameBytesMax(value: number) {
    this.#frameBytesMax = value
  }

  /** True while a frame is incomplete. */
  get midFrame(): boolean {
    return this.#length >= 0 || this.#prefixBytes > 0
  }

  /** Drops what comes from now on (the listener may call it). */
  stop(): void {
    this.#stopped = true
    this.#pieces.clear()
  }

  /**
   * The frame that the listener is being called for, as it was sent, prefix included. Only for frames of up
   * to 8 KiB (the handshake signs them).
   */
  currentFrame(): Uint8Array {
    const frame = Buffer.allocUnsafeSlow(4 + this.#rawEnd - this.#rawStart)
    frame.writeUInt32BE(this.#rawEnd - this.#rawStart, 0)
    this.#raw.copy(frame, 4, this.#rawStart, this.#rawEnd)
    return frame
  }

  push(chunk: Uint8Array): void {
    const buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    const end = buffer.length
    let at = 0
    while (at < end && !this.#stopped) {
      if (this.#length < 0) {
        at = this.#readPrefix(buffer, at, end)
        if (this.#length < 0) return
      }
      const missing = this.#length - this.#pieces.bytes
      if (end - at < missing) {
        if (at < end) this.#pieces.push(buffer.subarray(at, end), missing)
        return
      }
      const frameEnd = at + missing
      const length = this.#length
      this.#length = -1
      if (this.#pieces.bytes === 0) this.#readWhole(buffer, at, frameEnd, length)
      else {
        this.#pieces.push(buffer.subarray(at, frameEnd), missing)
        this.#readPieces(this.#pieces.take(), length)
      }
      at = frameEnd
    }
    this.#reader.release()
    this.#raw = noBytes
  }

  /** Reads the length prefix, or what there is of it; returns the position behind it. */
  #readPrefix(buffer: Buffer, at: number, end: number): number {
    let next = at
    if (this.#prefixBytes === 0 && end - at >= 4) {
      this.#prefix = buffer.readUInt32BE(at)
      next = at + 4
    } else {
      while (this.#prefixBytes < 4) {
        if (next >= end) return next
        this.#prefix = (this.#prefix * 256 + (buffer[next++] as number)) % 0x1_0000_0000
        this.#prefixBytes++
      }
    }
    const length = this.#prefix
    this.#prefix = 0
    this.#prefixBytes = 0
    if (length < limits.frameBytesMin || length > this.#frameBytesMax) {
      throw malformed(
        `a length of ${length} bytes; ${limits.frameBytesMin} to ${this.#frameBytesMax} are allowed`,
      )
    }
    this.#length = length
    return next
  }

  #readWhole(buffer: Buffer, start: number, end: number, length: number): void {
    try {
      this.#readFrame(buffer, start, end, noPieces, length)
    } catch (error) {
      throw error instanceof TruncatedError ? malformed('it ends inside a value') : error
    }
  }

  /** A frame in several pieces: joins only what its head needs, the rest stays views. */
  #readPieces(pieces: Uint8Array[], length: number): void {
    let joinedBytes = length <= joinedFrameBytesMax ? length : 0
    for (;;) {
      const { joined, rest } = joinPieces(pieces, joinedBytes)
      if (rest.length === 0) {
        this.#readWhole(joined, 0, joined.length, length)
        return
      }
      try {
        this.#readFrame(joined, 0, joined.length, rest, length)
        return
      } catch (error) {
        if (!(error instanceof TruncatedError)) throw error
        joinedBytes = Math.max(joinedFrameBytesMax, joined.length * 2)
      }
    }
  }

  /**
   * `[start, end)` of `buffer` holds at least all up to the body's contents, which go on in `rest`. Throws
   * TruncatedError before it calls the listener when it does not.
   */
  #readFrame(buffer: Buffer, start: number, end: number, rest: readonly Uint8Array[], length: number): void {
    const reader = this.#reader
    this.#raw = buffer
    this.#rawStart = start
    this.#rawEnd = end
    reader.reset(buffer, start, end)
    const count = reader.arrayHeader()
    if (count !== 3 && count !== 4) throw malformed(`an array of ${count}, not of 3 or 4`)
    const type = reader.unsigned('the type')
    const stream = reader.unsigned('the stream')
    const headStart = reader.position
    const head = reader.map()
    if (reader.position - headStart > limits.headBytesMax)
      throw malformed(`a head over ${limits.headBytesMax} bytes`)
    if (count === 3) {
      if (reader.position - start !== length) throw malformed('bytes after the head')
      this.#listener({ type, stream, head, body: undefined, length })
      return
    }
    const size = reader.bytesHeader()
    const here = end - reader.position
    const given = length - (reader.position - start)
    if (size !== given) throw malformed(size < given ? 'bytes after the body' : 'a body cut short')
    const first = here > 0 ? buffer.subarray(reader.position, end) : noBytes
    const body = rest.length === 0 ? [first] : here > 0 ? [first, ...rest] : [...rest]
    this.#listener({ type, stream, head, body, length })
  }
}

const noPieces: readonly Uint8Array[] = []

/** The first pieces as one buffer of at least `bytes` (or of the first piece), and those that follow. */
function joinPieces(pieces: Uint8Array[], bytes: number): { joined: Buffer; rest: Uint8Array[] } {
  let count = 1
  let size = pieces[0]?.length ?? 0
  while (size < bytes && count < pieces.length) size += pieces[count++]?.length ?? 0
  const first = pieces[0] ?? noBytes
  const joined =
    count === 1
      ? Buffer.from(first.buffer, first.byteOffset, first.length)
      : Buffer.concat(pieces.slice(0, count), size)
  return { joined, rest: pieces.slice(count) }
}
