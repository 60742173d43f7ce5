import { malformed, Reader, TruncatedError } from '../codec/reader.js'
import { limits } from '../limits.js'
import { frameType } from '../messages/frame-types.js'
import { Assembly } from './assembly.js'
import type { BufferPool } from './buffer-pool.js'
import type { Frame } from './frame.js'
import { KeptBytes } from './kept-bytes.js'
import { type Lease, unleased } from './lease.js'

/** Called once for each frame, in order. */
export type FrameListener = (frame: Frame) => void

const noBytes = Buffer.alloc(0)
/** Less than this much of a body is rather read together with what follows it. */
const targetBytesMin = 16 * 1024

/** A DATA frame whose body is arriving. */
interface Filling {
  readonly stream: number
  readonly length: number
  readonly lease: Lease
  filled: number
}

/**
 * Turns chunks, as they come, into frames. Pure: no socket, no clock. A chunk is only looked at during `push`: its
 * memory may be used again at once. What a frame keeps is copied, bodies of DATA into buffers of their size, which
 * a transport may also read into by itself (`target`), so that nothing is copied. The length of a frame is checked
 * before anything of it is kept. PROTOCOL is thrown where framing is lost, and the decoder must not be used after
 * that.
 */
export class FrameDecoder {
  readonly #reader = new Reader(limits.headDepthMax)
  readonly #listener: FrameListener
  readonly #pool: BufferPool | undefined
  readonly #kept = new KeptBytes()
  readonly #assembly = new Assembly()
  #frameBytesMax: number
  /** Bytes of the frame that is incomplete, without its prefix; −1 while the prefix is incomplete. */
  #length = -1
  #prefix = 0
  #prefixBytes = 0
  #filling: Filling | undefined
  #stopped = false
  #raw: Buffer = noBytes
  #rawStart = 0
  #rawEnd = 0

  /** `pool`: where bodies of DATA go; without one each gets new memory. */
  constructor(
    listener: FrameListener,
    frameBytesMax: number = limits.frameBytesMax,
    pool?: BufferPool | undefined,
  ) {
    this.#listener = listener
    this.#frameBytesMax = frameBytesMax
    this.#pool = pool
  }

  /** Raised once a peer has proved itself: before that only small frames are taken. */
  set frameBytesMax(value: number) {
    this.#frameBytesMax = value
  }

  /** True while a frame is incomplete. */
  get midFrame(): boolean {
    return this.#length >= 0 || this.#prefixBytes > 0
  }

  /**
   * Where the next bytes are wanted, if at a particular place: what was read into its beginning is pushed as that
   * view, and is not copied. It is another one after each `push`.
   */
  get target(): Uint8Array | undefined {
    const filling = this.#filling
    if (filling === undefined) return undefined
    const { bytes } = filling.lease
    return bytes.length - filling.filled < targetBytesMin ? undefined : bytes.subarray(filling.filled)
  }

  /** Drops what comes from now on (the listener may call it). */
  stop(): void {
    this.#stopped = true
    this.#assembly.clear()
    // Not released: a socket may be about to read into it.
    this.#filling = undefined
  }

  /** The frame that the listener is being called for, as it was sent, prefix included. Not for DATA. */
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
      if (this.#filling !== undefined) at = this.#fill(this.#filling, buffer, at, end)
      else {
        if (this.#length < 0) {
          at = this.#readPrefix(buffer, at, end)
          if (this.#length < 0) return
        }
        at = this.#takeSome(buffer, at, end)
      }
    }
    this.#reader.release()
    this.#kept.forget()
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

  /** Takes what the chunk has of the frame that begins or goes on at `at`; returns the position behind it. */
  #takeSome(buffer: Buffer, at: number, end: number): number {
    const length = this.#length
    const gathered = this.#assembly.bytes
    const missing = length - gathered
    if (gathered === 0 && isData(buffer, at, end)) {
      const next = this.#beginData(buffer, at, end, length)
      if (next !== undefined) return next
    }
    const here = Math.min(missing, end - at)
    if (here < missing || gathered > 0) this.#assembly.add(buffer, at, at + here, length)
    if (here < missing) return end
    this.#length = -1
    if (gathered > 0) {
      const whole = this.#assembly.take()
      this.#readFrame(whole, 0, length)
    } else {
      this.#kept.keep(buffer, at, at + length)
      this.#readFrame(this.#kept.buffer, this.#kept.start, this.#kept.end)
    }
    return at + here
  }

  /**
   * A DATA frame that begins here: makes room for its body. Undefined when its head is not all here or not empty, or
   * the body is larger than any that is taken: then it is read like other frames.
   */
  #beginData(buffer: Buffer, at: number, end: number, length: number): number | undefined {
    const reader = this.#reader
    reader.reset(buffer, at, Math.min(end, at + length))
    let stream: number
    let size: number
    try {
      reader.arrayHeader()
      reader.unsigned('the type')
      stream = reader.unsigned('the stream')
      if (Object.keys(reader.map()).length > 0) return undefined
      size = reader.bytesHeader()
    } catch (error) {
      if (error instanceof TruncatedError) return undefined
      throw error
    }
    const bodyAt = reader.position
    if (size > limits.dataBytesMax || size === 0 || bodyAt - at + size !== length) return undefined
    const lease = this.#pool?.lease(size) ?? unleased(Buffer.allocUnsafe(size))
    this.#filling = { stream, length, lease, filled: 0 }
    return bodyAt
  }

  #fill(filling: Filling, buffer: Buffer, at: number, end: number): number {
    const { lease, filled, length, stream } = filling
    const { bytes } = lease
    const here = Math.min(bytes.length - filled, end - at)
    const inPlace =
      buffer.buffer === bytes.buffer && buffer.byteOffset + at === bytes.byteOffset + filled && at === 0
    if (!inPlace) bytes.set(buffer.subarray(at, at + here), filled)
    filling.filled += here
    if (filling.filled === bytes.length) {
      this.#filling = undefined
      this.#length = -1
      this.#listener({ type: frameType.DATA, stream, head: noHead, body: [bytes], lease, length })
    }
    return at + here
  }

  /** The whole frame is `[start, end)` of `buffer`. */
  #readFrame(buffer: Buffer, start: number, end: number): void {
    let frame: Frame
    try {
      frame = this.#parse(buffer, start, end)
    } catch (error) {
      throw error instanceof TruncatedError ? malformed('it ends inside a value') : error
    }
    this.#listener(frame)
  }

  #parse(buffer: Buffer, start: number, end: number): Frame {
    const reader = this.#reader
    this.#raw = buffer
    this.#rawStart = start
    this.#rawEnd = end
    reader.reset(buffer, start, end)
    const length = end - start
    const count = reader.arrayHeader()
    if (count !== 3 && count !== 4) throw malformed(`an array of ${count}, not of 3 or 4`)
    const type = reader.unsigned('the type')
    const stream = reader.unsigned('the stream')
    const headStart = reader.position
    const head = reader.map()
    if (reader.position - headStart > limits.headBytesMax)
      throw malformed(`a head over ${limits.headBytesMax} bytes`)
    if (count === 3) {
      if (reader.position !== end) throw malformed('bytes after the head')
      return { type, stream, head, body: undefined, lease: undefined, length }
    }
    const size = reader.bytesHeader()
    const given = end - reader.position
    if (size !== given) throw malformed(size < given ? 'bytes after the body' : 'a body cut short')
    return { type, stream, head, body: [buffer.subarray(reader.position, end)], lease: undefined, length }
  }
}

const noHead: Readonly<Record<string, unknown>> = Object.freeze({})

/** Whether `[at, end)` begins as the usual form of a DATA frame does: an array of four, and the type in one byte. */
function isData(buffer: Buffer, at: number, end: number): boolean {
  return end - at > 2 && buffer[at] === 0x94 && buffer[at + 1] === frameType.DATA
}
