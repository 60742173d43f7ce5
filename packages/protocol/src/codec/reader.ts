import { isUtf8 } from 'node:buffer'
import { TorcError } from '../errors.js'
import { TextCache } from './text-cache.js'

const two32 = 0x1_0000_0000

/** Thrown when the input ends inside a value; the frame decoder joins more chunks and reads again. */
export class TruncatedError extends Error {
  constructor() {
    super('the input ends inside a value')
    this.name = 'TruncatedError'
  }
}

export function malformed(what: string): TorcError {
  return new TorcError('PROTOCOL', `malformed frame: ${what}`)
}

/**
 * Reads MessagePack that a stranger sent: every length is checked against what is there before anything is
 * allocated for it, nesting is bounded, and what the protocol has no use for is refused (0xc1, extension
 * types, keys that are no text, `__proto__`, text that is not UTF-8).
 *
 * Integers are numbers up to 2^53 − 1 and BigInt beyond (which no field accepts). A float reads as NaN,
 * which no field accepts either, so that a field that this version does not know may be one. Bytes are views.
 */
export class Reader {
  #buffer: Buffer
  #position = 0
  #end = 0
  readonly #depthMax: number
  readonly #texts = new TextCache()

  constructor(depthMax: number) {
    this.#depthMax = depthMax
    this.#buffer = Buffer.alloc(0)
  }

  get position(): number {
    return this.#position
  }

  /** Points the reader at `[start, end)` of `buffer`. */
  reset(buffer: Buffer, start: number, end: number): void {
    this.#buffer = buffer
    this.#position = start
    this.#end = end
  }

  /** Lets go of the buffer, so that a quiet connection does not keep its last chunk alive. */
  release(): void {
    this.#buffer = empty
    this.#position = 0
    this.#end = 0
  }

  /** Count of an array's items. */
  arrayHeader(): number {
    const form = this.#byte()
    if (form >= 0x90 && form <= 0x9f) return form & 0x0f
    if (form === 0xdc) return this.#uint16()
    if (form === 0xdd) return this.#uint32()
    throw malformed('not an array')
  }

  /** An integer from 0 to 2^53 − 1. */
  unsigned(what: string): number {
    const value = this.value(0)
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      throw malformed(`${what} is no unsigned integer`)
    }
    return value
  }

  /** Size of a bin whose contents follow at `position`. */
  bytesHeader(): number {
    const form = this.#byte()
    if (form === 0xc4) return this.#byte()
    if (form === 0xc5) return this.#uint16()
    if (form === 0xc6) return this.#uint32()
    throw malformed('the body is no bin')
  }

  /** A map; an empty one is shared and frozen. */
  map(): Readonly<Record<string, unknown>> {
    const form = this.#byte()
    if (form === 0x80) return emptyMap
    if (form > 0x80 && form <= 0x8f) return this.#map(form & 0x0f, 1)
    if (form === 0xde) return this.#map(this.#uint16(), 1)
    if (form === 0xdf) return this.#map(this.#uint32(), 1)
    throw malformed('the head is no map')
  }

  value(depth: number): unknown {
    const form = this.#byte()
    if (form < 0x80) return form
    if (form >= 0xe0) return form - 0x100
    if (form >= 0xa0 && form < 0xc0) return this.#text(form & 0x1f)
    if (form < 0x90) return this.#map(form & 0x0f, depth + 1)
    if (form < 0xa0) return this.#array(form & 0x0f, depth + 1)
    switch (form) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc4:
        return this.#bytes(this.#byte())
      case 0xc5:
        return this.#bytes(this.#uint16())
      case 0xc6:
        return this.#bytes(this.#uint32())
      case 0xca:
        this.#skip(4)
        return Number.NaN
      case 0xcb:
        this.#skip(8)
        return Number.NaN
      case 0xcc:
        return this.#byte()
      case 0xcd:
        return this.#uint16()
      case 0xce:
        return this.#uint32()
      case 0xcf:
        return this.#uint64()
      case 0xd0:
        return (this.#byte() << 24) >> 24
      case 0xd1:
        return (this.#uint16() << 16) >> 16
      case 0xd2:
        return this.#uint32() | 0
      case 0xd3:
        return this.#int64()
      case 0xd9:
        return this.#text(this.#byte())
      case 0xda:
        return this.#text(this.#uint16())
      case 0xdb:
        return this.#text(this.#uint32())
      case 0xdc:
        return this.#array(this.#uint16(), depth + 1)
      case 0xdd:
        return this.#array(this.#uint32(), depth + 1)
      case 0xde:
        return this.#map(this.#uint16(), depth + 1)
      case 0xdf:
        return this.#map(this.#uint32(), depth + 1)
      case 0xc1:
        throw malformed('the byte 0xc1, which MessagePack never uses')
      default:
        throw malformed('an extension type')
    }
  }

  #byte(): number {
    if (this.#position >= this.#end) throw new TruncatedError()
    return this.#buffer[this.#position++] as number
  }

  #skip(count: number): number {
    const at = this.#position
    if (count > this.#end - at) throw new TruncatedError()
    this.#position = at + count
    return at
  }

  #uint16(): number {
    const at = this.#skip(2)
    return ((this.#buffer[at] as number) << 8) | (this.#buffer[at + 1] as number)
  }

  #uint32(): number {
    return this.#buffer.readUInt32BE(this.#skip(4))
  }

  #uint64(): number | bigint {
    const at = this.#skip(8)
    const high = this.#buffer.readUInt32BE(at)
    return high < 0x20_0000
      ? high * two32 + this.#buffer.readUInt32BE(at + 4)
      : this.#buffer.readBigUInt64BE(at)
  }

  #int64(): number | bigint {
    const at = this.#skip(8)
    const high = this.#buffer.readInt32BE(at)
    const fits = high < 0x20_0000 && high >= -0x20_0000
    const value = high * two32 + this.#buffer.readUInt32BE(at + 4)
    return fits && Number.isSafeInteger(value) ? value : this.#buffer.readBigInt64BE(at)
  }

  #bytes(size: number): Uint8Array {
    const at = this.#skip(size)
    return this.#buffer.subarray(at, at + size)
  }

  #text(size: number): string {
    const at = this.#skip(size)
    const cached = this.#texts.find(this.#buffer, at, size)
    if (cached !== undefined) return cached
    const value = this.#buffer.toString('utf8', at, at + size)
    // The decoder puts U+FFFD where bytes are wrong; only then is the exact (slower) check needed.
    if (value.includes('\ufffd') && !isUtf8(this.#buffer.subarray(at, at + size))) {
      throw malformed('text that is not UTF-8')
    }
    this.#texts.store(value, size)
    return value
  }

  #array(count: number, depth: number): unknown[] {
    this.#nested(count, depth)
    const out: unknown[] = []
    for (let i = 0; i < count; i++) out.push(this.value(depth))
    return out
  }

  #map(count: number, depth: number): Record<string, unknown> {
    this.#nested(count * 2, depth)
    const out: Record<string, unknown> = {}
    for (let i = 0; i < count; i++) {
      const key = this.#key()
      out[key] = this.value(depth)
    }
    return out
  }

  #key(): string {
    const form = this.#byte()
    let size: number
    if (form >= 0xa0 && form < 0xc0) size = form & 0x1f
    else if (form === 0xd9) size = this.#byte()
    else if (form === 0xda) size = this.#uint16()
    else if (form === 0xdb) size = this.#uint32()
    else throw malformed('a map key that is no text')
    const key = this.#text(size)
    if (key === '__proto__') throw malformed('the map key `__proto__`')
    return key
  }

  /** `items` values take at least a byte each: a count beyond what is there is a lie, or the rest is to come. */
  #nested(items: number, depth: number): void {
    if (depth > this.#depthMax) throw malformed(`nested deeper than ${this.#depthMax}`)
    if (items > this.#end - this.#position) throw new TruncatedError()
  }
}

const empty = Buffer.alloc(0)
const emptyMap: Readonly<Record<string, unknown>> = Object.freeze({})

/** Reads exactly one value from `bytes`; PROTOCOL when it is malformed, cut short or followed by more. */
export function decodeValue(bytes: Uint8Array, depthMax: number): unknown {
  const reader = new Reader(depthMax)
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  reader.reset(buffer, 0, buffer.length)
  try {
    const value = reader.value(0)
    if (reader.position !== buffer.length) throw malformed('bytes after the value')
    return value
  } catch (error) {
    if (error instanceof TruncatedError) throw malformed('it ends inside a value')
    throw error
  }
}
