import { type ErrorCode, TorcError } from '@torc/protocol/errors'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads what `PackWriter` writes, and nothing else: a longer form of an integer or a length, another type,
 * a length beyond the end or bytes after the end are refused, so every value has exactly one encoding.
 * Nothing is allocated for a declared length before the bytes are known to be there. Byte strings are views
 * of the input.
 */
export class PackReader {
  readonly #bytes: Uint8Array
  readonly #text: Buffer
  readonly #code: ErrorCode
  readonly #what: string
  #at = 0

  /** `what` names the record in errors; they carry `code`. */
  constructor(bytes: Uint8Array, code: ErrorCode, what: string) {
    this.#bytes = bytes
    this.#text = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#code = code
    this.#what = what
  }

  /** The error that a caller throws for a value that is well-formed and wrong. */
  refuse(why: string): TorcError {
    return new TorcError(this.#code, `damaged ${this.#what}: ${why}`)
  }

  end(): void {
    if (this.#at !== this.#bytes.length)
      throw this.refuse(`${this.#bytes.length - this.#at} bytes after its end`)
  }

  /** Reads the schema version that begins every record. */
  schema(newest: number): number {
    const version = this.uint()
    if (version < 1 || version > newest) {
      throw new TorcError(
        this.#code,
        `${this.#what} has format ${version}; this version of Torc reads up to ${newest}`,
        {
          hint: 'Upgrade Torc on this machine.',
        },
      )
    }
    return version
  }

  uint(max: number = Number.MAX_SAFE_INTEGER): number {
    const first = this.#byte()
    let value = first
    if (first >= 0x80) {
      if (first === 0xcc) {
        value = this.#big(1, 0x80)
      } else if (first === 0xcd) {
        value = this.#big(2, 0x100)
      } else if (first === 0xce) {
        value = this.#big(4, 0x10000)
      } else if (first === 0xcf) {
        const high = this.#big(4, 1)
        value = high * 0x1_0000_0000 + this.#big(4, 0)
      } else throw this.refuse('an unsigned integer is missing')
    }
    if (value > max) throw this.refuse(`${value} is above ${max}`)
    return value
  }

  /** Number of values in the array that begins here. */
  array(countMax: number): number {
    const first = this.#byte()
    let count: number
    if (first >= 0x90 && first <= 0x9f) count = first & 0x0f
    else if (first === 0xdc) count = this.#big(2, 16)
    else if (first === 0xdd) count = this.#big(4, 0x10000)
    else throw this.refuse('an array is missing')
    // Every value takes a byte, so a count beyond what is left can't be honest.
    if (count > countMax || count > this.#bytes.length - this.#at)
      throw this.refuse(`${count} values are too many`)
    return count
  }

  /** An array of exactly `count` values. */
  tuple(count: number): void {
    if (this.array(count) !== count) throw this.refuse(`an array of ${count} is missing`)
  }

  /** Whether the next value is nil; consumes it if so. */
  nil(): boolean {
    if (this.#at >= this.#bytes.length || this.#bytes[this.#at] !== 0xc0) return false
    this.#at++
    return true
  }

  /** Whether an array comes next; consumes nothing. */
  nextIsArray(): boolean {
    const first = this.#bytes[this.#at] ?? 0
    return (first >= 0x90 && first <= 0x9f) || first === 0xdc || first === 0xdd
  }

  /** A byte string of at most (or, with `exact`, of exactly) `max` bytes, as a view. */
  bytes(max: number, exact = false): Uint8Array {
    const size = this.#bytesSize()
    if (size > max || (exact && size !== max)) throw this.refuse(`${size} bytes where ${max} belong`)
    const start = this.#take(size)
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, size)
  }

  /** A byte string of exactly `size` bytes as lower-case hex. */
  hexBytes(size: number): string {
    if (this.#bytesSize() !== size) throw this.refuse(`${size} bytes are missing`)
    const start = this.#take(size)
    return this.#text.toString('hex', start, start + size)
  }

  text(bytesMax: number): string {
    const first = this.#byte()
    let size: number
    if (first >= 0xa0 && first <= 0xbf) size = first & 0x1f
    else if (first === 0xd9) size = this.#big(1, 32)
    else if (first === 0xda) size = this.#big(2, 0x100)
    else if (first === 0xdb) size = this.#big(4, 0x10000)
    else throw this.refuse('a text is missing')
    if (size > bytesMax) throw this.refuse(`a text of ${size} bytes where ${bytesMax} are allowed`)
    const start = this.#take(size)
    const bytes = this.#bytes
    for (let at = start; at < start + size; at++) {
      if ((bytes[at] ?? 0) >= 0x80) return this.#wideText(start, size)
    }
    return this.#text.toString('latin1', start, start + size)
  }

  #wideText(start: number, size: number): string {
    try {
      return utf8.decode(this.#bytes.subarray(start, start + size))
    } catch (cause) {
      throw new TorcError(this.#code, `damaged ${this.#what}: a text is not UTF-8`, { cause })
    }
  }

  #bytesSize(): number {
    const first = this.#byte()
    if (first === 0xc4) return this.#big(1, 0)
    if (first === 0xc5) return this.#big(2, 0x100)
    if (first === 0xc6) return this.#big(4, 0x10000)
    throw this.refuse('a byte string is missing')
  }

  #byte(): number {
    const value = this.#bytes[this.#at]
    if (value === undefined) throw this.refuse('it ends too early')
    this.#at++
    return value
  }

  /** A big-endian integer of `size` bytes that would not have fitted a shorter form. */
  #big(size: number, min: number): number {
    const start = this.#take(size)
    let value = 0
    for (let at = start; at < start + size; at++) value = value * 256 + (this.#bytes[at] ?? 0)
    if (value < min) throw this.refuse('an integer is not in its shortest form')
    return value
  }

  /** Start of the next `size` bytes, which are consumed. */
  #take(size: number): number {
    const start = this.#at
    if (size > this.#bytes.length - start) throw this.refuse('it ends too early')
    this.#at = start + size
    return start
  }
}
