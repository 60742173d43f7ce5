import { TorcError } from '../errors.js'

/** Strings up to this many UTF-16 units are written by a loop; beyond, the native encoder is faster. */
const loopTextMax = 48
const two32 = 0x1_0000_0000

/**
 * Writes MessagePack into slabs. Numbers are always written as integers of the smallest form that holds them
 * (never as floats), so that a field reads the same in every language.
 *
 * Of the slab, `[base, mark)` is finished and `[mark, position)` is being written. When the slab is full, the
 * finished part is handed to `spill` and the unfinished part moves to a fresh slab. Bytes that were taken or
 * spilled are not touched again before `recycle`, as they may be on their way to a socket.
 */
export class Writer {
  buffer: Buffer
  base = 0
  mark = 0
  position = 0
  readonly #slabBytes: number
  readonly #spill: ((view: Buffer) => void) | undefined

  /** Without `spill` the unfinished part is everything. */
  constructor(slabBytes: number, spill?: (view: Buffer) => void) {
    this.#slabBytes = slabBytes
    this.#spill = spill
    this.buffer = Buffer.allocUnsafeSlow(slabBytes)
  }

  /** Makes room for `count` more bytes. */
  ensure(count: number): void {
    if (this.position + count > this.buffer.length) this.#grow(count)
  }

  #grow(count: number): void {
    if (this.#spill !== undefined && this.mark > this.base) {
      this.#spill(this.buffer.subarray(this.base, this.mark))
      this.base = this.mark
    }
    const held = this.position - this.base
    const needed = held + count
    const size = needed <= this.#slabBytes / 2 ? this.#slabBytes : needed * 2
    const next = Buffer.allocUnsafeSlow(size)
    if (held > 0) this.buffer.copy(next, 0, this.base, this.position)
    this.buffer = next
    this.mark -= this.base
    this.base = 0
    this.position = held
  }

  /** What was written since the last take, as a view. */
  take(): Buffer {
    const view = this.buffer.subarray(this.base, this.position)
    this.base = this.position
    this.mark = this.position
    return view
  }

  /** Bytes that still fit into the slab. */
  get room(): number {
    return this.buffer.length - this.position
  }

  /** Begins the slab anew: all that was taken has been sent, and nothing is written and not taken. */
  recycle(): void {
    if (this.position === this.base) this.#begin()
  }

  /** Goes on in a slab of its own of this size; all that was written must have been taken. */
  renew(slabBytes: number): void {
    this.buffer = Buffer.allocUnsafeSlow(slabBytes)
    this.#begin()
  }

  #begin(): void {
    this.base = 0
    this.mark = 0
    this.position = 0
  }

  byte(value: number): void {
    this.ensure(1)
    this.buffer[this.position++] = value
  }

  nil(): void {
    this.byte(0xc0)
  }

  boolean(value: boolean): void {
    this.byte(value ? 0xc3 : 0xc2)
  }

  integer(value: number): void {
    this.ensure(9)
    const { buffer } = this
    let at = this.position
    if (value >= 0) {
      if (value < 0x80) buffer[at++] = value
      else if (value < 0x100) {
        buffer[at++] = 0xcc
        buffer[at++] = value
      } else if (value < 0x1_0000) {
        buffer[at++] = 0xcd
        buffer[at++] = value >>> 8
        buffer[at++] = value
      } else if (value < two32) {
        buffer[at++] = 0xce
        at = putUint32(buffer, at, value)
      } else {
        buffer[at++] = 0xcf
        at = putUint32(buffer, at, Math.floor(value / two32))
        at = putUint32(buffer, at, value % two32)
      }
    } else if (value >= -0x20) buffer[at++] = value
    else if (value >= -0x80) {
      buffer[at++] = 0xd0
      buffer[at++] = value
    } else if (value >= -0x8000) {
      buffer[at++] = 0xd1
      buffer[at++] = value >> 8
      buffer[at++] = value
    } else if (value >= -0x8000_0000) {
      buffer[at++] = 0xd2
      at = putUint32(buffer, at, value)
    } else {
      const high = Math.floor(value / two32)
      buffer[at++] = 0xd3
      at = putUint32(buffer, at, high)
      at = putUint32(buffer, at, value - high * two32)
    }
    this.position = at
  }

  text(value: string): void {
    const { length } = value
    // Room for the longest form: a UTF-16 unit takes at most three bytes.
    this.ensure(5 + length * 3)
    if (length <= loopTextMax && this.#asciiText(value, length)) return
    if (!value.isWellFormed()) {
      throw new TorcError('BAD_REQUEST', 'a text holds half of a surrogate pair, which UTF-8 has no form for')
    }
    const size = Buffer.byteLength(value)
    this.#textHeader(size)
    this.buffer.write(value, this.position, size, 'utf8')
    this.position += size
  }

  /** True when all of it was ASCII and is written. */
  #asciiText(value: string, length: number): boolean {
    const { buffer } = this
    let at = this.position
    if (length < 32) buffer[at++] = 0xa0 | length
    else {
      buffer[at++] = 0xd9
      buffer[at++] = length
    }
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i)
      if (code >= 0x80) return false
      buffer[at++] = code
    }
    this.position = at
    return true
  }

  #textHeader(size: number): void {
    const { buffer } = this
    if (size < 32) buffer[this.position++] = 0xa0 | size
    else this.#sized(size, 0xd9, 0xda, 0xdb)
  }

  bytes(value: Uint8Array): void {
    const size = value.length
    this.bytesHeader(size)
    this.raw(value)
  }

  /** The header of a bin whose `size` bytes follow by other means. */
  bytesHeader(size: number): void {
    this.ensure(5)
    this.#sized(size, 0xc4, 0xc5, 0xc6)
  }

  /** Bytes that are MessagePack already, or the contents of a bin. */
  raw(value: Uint8Array): void {
    const size = value.length
    this.ensure(size)
    const { buffer } = this
    const at = this.position
    if (size <= 16) for (let i = 0; i < size; i++) buffer[at + i] = value[i] as number
    else buffer.set(value, at)
    this.position = at + size
  }

  #sized(size: number, form8: number, form16: number, form32: number): void {
    const { buffer } = this
    let at = this.position
    if (size < 0x100) {
      buffer[at++] = form8
      buffer[at++] = size
    } else if (size < 0x1_0000) {
      buffer[at++] = form16
      buffer[at++] = size >>> 8
      buffer[at++] = size
    } else {
      buffer[at++] = form32
      at = putUint32(buffer, at, size)
    }
    this.position = at
  }

  arrayHeader(count: number): void {
    this.#counted(count, 0x90, 0xdc)
  }

  mapHeader(count: number): void {
    this.#counted(count, 0x80, 0xde)
  }

  #counted(count: number, fixed: number, form16: number): void {
    this.ensure(5)
    const { buffer } = this
    let at = this.position
    if (count < 16) buffer[at++] = fixed | count
    else if (count < 0x1_0000) {
      buffer[at++] = form16
      buffer[at++] = count >>> 8
      buffer[at++] = count
    } else {
      buffer[at++] = form16 + 1
      at = putUint32(buffer, at, count)
    }
    this.position = at
  }

  /** Any value that a head may hold: text, integers, booleans, bytes, nil, lists and maps of them. */
  value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.text(value)
        return
      case 'number':
        if (!Number.isSafeInteger(value)) throw unencodable(`the number ${value}`)
        this.integer(value)
        return
      case 'boolean':
        this.boolean(value)
        return
      case 'undefined':
        this.nil()
        return
      case 'object':
        if (value === null) this.nil()
        else if (value instanceof Uint8Array) this.bytes(value)
        else if (Array.isArray(value)) {
          this.arrayHeader(value.length)
          for (const item of value) this.value(item)
        } else this.#map(value as Readonly<Record<string, unknown>>)
        return
      default:
        throw unencodable(`a ${typeof value}`)
    }
  }

  /** A map of the keys that have a value. */
  #map(value: Readonly<Record<string, unknown>>): void {
    let count = 0
    for (const key in value) if (value[key] !== undefined) count++
    this.mapHeader(count)
    for (const key in value) {
      const item = value[key]
      if (item === undefined) continue
      this.text(key)
      this.value(item)
    }
  }
}

function putUint32(buffer: Buffer, at: number, value: number): number {
  buffer[at] = value >>> 24
  buffer[at + 1] = value >>> 16
  buffer[at + 2] = value >>> 8
  buffer[at + 3] = value
  return at + 4
}

function unencodable(what: string): TorcError {
  return new TorcError(
    'INTERNAL',
    `${what} can't be encoded: only integers up to 2^53 − 1, text, bytes, booleans, lists and maps`,
  )
}

/** The MessagePack form of one value, for records and tests. */
export function encodeValue(value: unknown): Uint8Array {
  const writer = new Writer(256)
  writer.value(value)
  return writer.take()
}
