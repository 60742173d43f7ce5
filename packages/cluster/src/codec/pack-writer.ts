import { TorcError } from '@torc/protocol/errors'

/**
 * Writes the small part of MessagePack that Torc's stored records use: unsigned integers, texts, byte
 * strings, arrays and nil, each in its shortest form, so that equal values have equal bytes. A general
 * encoder is not used because it writes integers beyond 32 bits as floats and because these records are
 * written several times for every PUT.
 */
export class PackWriter {
  #buffer: Buffer
  #length = 0

  /** `bytesExpected` is a guess; the buffer grows when it was too small. */
  constructor(bytesExpected: number) {
    this.#buffer = Buffer.allocUnsafe(bytesExpected)
  }

  /** The bytes written so far (a view; don't write on). */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  /** A safe integer ≥ 0. */
  uint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new TorcError('INTERNAL', `${value} can't be stored as an unsigned integer`)
    }
    this.#reserve(9)
    const buffer = this.#buffer
    let at = this.#length
    if (value < 0x80) {
      buffer[at++] = value
    } else if (value < 0x100) {
      buffer[at++] = 0xcc
      buffer[at++] = value
    } else if (value < 0x10000) {
      buffer[at++] = 0xcd
      buffer[at++] = value >>> 8
      buffer[at++] = value & 0xff
    } else if (value < 0x1_0000_0000) {
      buffer[at++] = 0xce
      at = writeWord(buffer, at, value)
    } else {
      buffer[at++] = 0xcf
      at = writeWord(buffer, at, Math.floor(value / 0x1_0000_0000))
      at = writeWord(buffer, at, value)
    }
    this.#length = at
  }

  nil(): void {
    this.#reserve(1)
    this.#buffer[this.#length++] = 0xc0
  }

  /** Announces that `count` values follow as one array. */
  array(count: number): void {
    this.#reserve(5)
    const buffer = this.#buffer
    let at = this.#length
    if (count < 16) {
      buffer[at++] = 0x90 | count
    } else if (count < 0x10000) {
      buffer[at++] = 0xdc
      buffer[at++] = count >>> 8
      buffer[at++] = count & 0xff
    } else {
      buffer[at++] = 0xdd
      at = writeWord(buffer, at, count)
    }
    this.#length = at
  }

  bytes(value: Uint8Array): void {
    const size = value.length
    this.bytesHeader(size)
    this.#buffer.set(value, this.#length)
    this.#length += size
  }

  /** The header of a byte string whose content follows by `rawBytes`. */
  bytesHeader(size: number): void {
    this.#reserve(5 + size)
    const buffer = this.#buffer
    let at = this.#length
    if (size < 0x100) {
      buffer[at++] = 0xc4
      buffer[at++] = size
    } else if (size < 0x10000) {
      buffer[at++] = 0xc5
      buffer[at++] = size >>> 8
      buffer[at++] = size & 0xff
    } else {
      buffer[at++] = 0xc6
      at = writeWord(buffer, at, size)
    }
    this.#length = at
  }

  rawBytes(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#buffer.set(value, this.#length)
    this.#length += value.length
  }

  /** A byte string given as lower-case hex of an even length. */
  hexBytes(hex: string): void {
    this.bytesHeader(hex.length >>> 1)
    const buffer = this.#buffer
    let at = this.#length
    for (let i = 0; i < hex.length; i += 2) {
      buffer[at++] = (hexDigit(hex.charCodeAt(i)) << 4) | hexDigit(hex.charCodeAt(i + 1))
    }
    this.#length = at
  }

  text(value: string): void {
    // Short ASCII text, the usual case, is written without a call into native code.
    const units = value.length
    if (units < 32) {
      this.#reserve(1 + units)
      const buffer = this.#buffer
      let at = this.#length
      buffer[at++] = 0xa0 | units
      let i = 0
      for (; i < units; i++) {
        const unit = value.charCodeAt(i)
        if (unit >= 0x80) break
        buffer[at++] = unit
      }
      if (i === units) {
        this.#length = at
        return
      }
    }
    this.#longText(value)
  }

  #longText(value: string): void {
    const size = Buffer.byteLength(value)
    this.#reserve(5 + size)
    const buffer = this.#buffer
    let at = this.#length
    if (size < 32) {
      buffer[at++] = 0xa0 | size
    } else if (size < 0x100) {
      buffer[at++] = 0xd9
      buffer[at++] = size
    } else if (size < 0x10000) {
      buffer[at++] = 0xda
      buffer[at++] = size >>> 8
      buffer[at++] = size & 0xff
    } else {
      buffer[at++] = 0xdb
      at = writeWord(buffer, at, size)
    }
    this.#length = at + buffer.write(value, at)
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes))
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = larger
  }
}

/** The low 32 bits of `value`, big-endian. */
function writeWord(buffer: Buffer, at: number, value: number): number {
  buffer[at] = value >>> 24
  buffer[at + 1] = value >>> 16
  buffer[at + 2] = value >>> 8
  buffer[at + 3] = value
  return at + 4
}

function hexDigit(unit: number): number {
  return unit < 0x3a ? unit - 0x30 : unit - 0x57
}
