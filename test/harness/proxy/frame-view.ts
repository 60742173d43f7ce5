import { type FrameName, frameNameOf } from '@torc/protocol/messages/frame-types'

/** What the proxy knows of a frame. Read with code of its own: a proxy that shared the decoder would share its faults. */
export interface FrameView {
  /** Undefined for a number that this version does not know. */
  readonly name: FrameName | undefined
  readonly type: number
  readonly stream: number
  /** Bytes of the `bin` at the end; 0 where there is none. */
  readonly bodyBytes: number
  /** The frame with its length prefix. */
  readonly bytes: Uint8Array
}

/** Looks into one whole frame (u32 length, then `[type, stream, head]` or `[type, stream, head, body]`). */
export function viewFrame(bytes: Uint8Array): FrameView {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const reader = new Skipper(view, 4)
  const elements = reader.arrayLength()
  const type = reader.integer()
  const stream = reader.integer()
  reader.skip()
  const bodyBytes = elements > 3 ? reader.binaryLength() : 0
  return { name: frameNameOf(type), type, stream, bodyBytes, bytes }
}

/** The name that a HELLO gives its sender; undefined where it gives none. */
export function helloName({ bytes }: FrameView): string | undefined {
  const reader = new Skipper(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 4)
  reader.arrayLength()
  reader.integer()
  reader.integer()
  for (let pairs = reader.mapLength(); pairs > 0; pairs--) {
    if (reader.text() === 'name') return reader.text()
    reader.skip()
  }
  return undefined
}

/** Just enough MessagePack to step over values. */
class Skipper {
  readonly #view: DataView
  #at: number

  constructor(view: DataView, at: number) {
    this.#view = view
    this.#at = at
  }

  arrayLength(): number {
    const lead = this.#byte()
    if (lead >= 0x90 && lead <= 0x9f) return lead & 0x0f
    if (lead === 0xdc) return this.#unsigned(2)
    throw new Error(`a frame begins with 0x${lead.toString(16)}, not with an array`)
  }

  mapLength(): number {
    const lead = this.#byte()
    if (lead >= 0x80 && lead <= 0x8f) return lead & 0x0f
    if (lead === 0xde) return this.#unsigned(2)
    throw new Error(`0x${lead.toString(16)} is no map`)
  }

  text(): string {
    const lead = this.#byte()
    if ((lead < 0xa0 || lead > 0xbf) && (lead < 0xd9 || lead > 0xdb)) {
      throw new Error(`0x${lead.toString(16)} is no text`)
    }
    const length = lead < 0xc0 ? lead & 0x1f : this.#unsigned(1 << (lead - 0xd9))
    const start = this.#view.byteOffset + this.#at
    this.#step(length)
    return Buffer.from(this.#view.buffer, start, length).toString()
  }

  integer(): number {
    const lead = this.#byte()
    if (lead < 0x80) return lead
    if (lead >= 0xcc && lead <= 0xcf) return this.#unsigned(1 << (lead - 0xcc))
    throw new Error(`0x${lead.toString(16)} is no unsigned integer`)
  }

  binaryLength(): number {
    const lead = this.#byte()
    if (lead >= 0xc4 && lead <= 0xc6) return this.#unsigned(1 << (lead - 0xc4))
    throw new Error(`0x${lead.toString(16)} is no binary`)
  }

  skip(): void {
    const lead = this.#byte()
    if (lead < 0x80 || lead >= 0xe0 || lead === 0xc0 || lead === 0xc2 || lead === 0xc3) return
    if (lead < 0x90) this.#skipValues(2 * (lead & 0x0f))
    else if (lead < 0xa0) this.#skipValues(lead & 0x0f)
    else if (lead < 0xc0) this.#at += lead & 0x1f
    else if (lead >= 0xc4 && lead <= 0xc6) this.#step(this.#unsigned(1 << (lead - 0xc4)))
    else if (lead === 0xca) this.#at += 4
    else if (lead === 0xcb) this.#at += 8
    else if (lead >= 0xcc && lead <= 0xcf) this.#at += 1 << (lead - 0xcc)
    else if (lead >= 0xd0 && lead <= 0xd3) this.#at += 1 << (lead - 0xd0)
    else if (lead >= 0xd9 && lead <= 0xdb) this.#step(this.#unsigned(1 << (lead - 0xd9)))
    else if (lead === 0xdc || lead === 0xdd) this.#skipValues(this.#unsigned(lead === 0xdc ? 2 : 4))
    else if (lead === 0xde || lead === 0xdf) this.#skipValues(2 * this.#unsigned(lead === 0xde ? 2 : 4))
    else throw new Error(`0x${lead.toString(16)} does not occur in Torc's frames`)
  }

  #skipValues(count: number): void {
    for (let i = 0; i < count; i++) this.skip()
  }

  #step(bytes: number): void {
    this.#at += bytes
  }

  #byte(): number {
    return this.#view.getUint8(this.#at++)
  }

  #unsigned(bytes: number): number {
    let value = 0
    for (let i = 0; i < bytes; i++) value = value * 256 + this.#byte()
    return value
  }
}
