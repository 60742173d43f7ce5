import { frameType } from '@torc/protocol/messages/frame-types'
import { messages } from '@torc/protocol/messages/table'
import { makeFrame } from '../harness/proxy/make-frame.js'
import type { SeededRandom } from '../harness/simulation/seeded-random.js'

const allMessages = Object.values(messages)
const controlTypes = [
  frameType.DATA,
  frameType.END,
  frameType.CREDIT,
  frameType.CANCEL,
  frameType.PING,
  frameType.RESULT,
  frameType.ERROR,
  frameType.FETCH_RESP,
]

/** Frames that are nearly right, so that they get past the first check and reach the deeper ones. */
export class FrameMaker {
  readonly #random: SeededRandom
  #stream = 1

  constructor(random: SeededRandom) {
    this.#random = random
  }

  /** A frame whose framing holds, so that those sent after it are read too; what it says may be nonsense. */
  framed(): Uint8Array {
    return this.#random.chance(0.1) ? this.#control() : this.#request()
  }

  /** Bytes that may well be the end of the connection. */
  broken(): Uint8Array {
    const kind = this.#random.integer(0, 7)
    if (kind === 0) return this.#random.bytes(this.#random.integer(1, 300))
    if (kind === 1) return this.#withLength(this.#random.bytes(this.#random.integer(1, 300)))
    return this.#mutate(this.framed())
  }

  #withLength(content: Uint8Array): Uint8Array {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(content.length)
    return Buffer.concat([length, content])
  }

  #control(): Uint8Array {
    const random = this.#random
    const head = {
      bytes: random.integer(-1, 2 ** 31),
      code: random.integer(0, 99),
      message: 'm',
      hint: '',
      sha256: random.bytes(32),
    }
    const body = random.chance(0.5) ? random.bytes(random.integer(0, 2000)) : undefined
    return makeFrame(random.pick(controlTypes), random.integer(0, this.#stream + 2), head, body)
  }

  #request(): Uint8Array {
    const random = this.#random
    const message = random.pick(allMessages)
    const head: Record<string, unknown> = { op: message.op }
    for (const [name, field] of Object.entries(message.request)) {
      if (field.optional && random.chance(0.5)) continue
      head[name] = random.chance(0.04) ? this.#anything(2) : this.#valueOf(field.kind)
    }
    if (random.chance(0.1)) head.stream = true
    this.#stream += 2
    const body =
      message.requestBody !== 'none' && random.chance(0.7) ? random.bytes(random.integer(0, 3000)) : undefined
    return makeFrame(
      frameType[message.frame],
      random.chance(0.95) ? this.#stream : random.integer(0, 9),
      head,
      body,
    )
  }

  /** A value that usually passes the field's validator, by the validator's own description. */
  #valueOf(kind: string): unknown {
    const random = this.#random
    const bin = /^bin (≤ )?(\d+)/.exec(kind)
    if (bin !== null) return random.bytes(bin[1] === undefined ? Number(bin[2]) : random.integer(0, 80))
    const literal = /^"([^"]+)"(?: \| "([^"]+)")?/.exec(kind)
    if (literal !== null) return random.chance(0.5) ? literal[1] : (literal[2] ?? literal[1])
    if (kind.startsWith('bucket name')) return 'fuzz'
    if (kind.startsWith('key')) return `k${random.integer(0, 50)}`
    if (kind.startsWith('bool')) return random.chance(0.5)
    if (kind.startsWith('int')) return random.pick([0, 1, 2, 3, 100, 65_535, 2 ** 31])
    if (kind.startsWith('array')) return []
    if (kind.startsWith('map')) return {}
    return random.pick(['', 'x', 'agent-1', '127.0.0.1:1', '../../etc/passwd', '\u{1F600}'])
  }

  #anything(depth: number): unknown {
    const random = this.#random
    switch (random.integer(0, 8)) {
      case 0:
        return null
      case 1:
        return random.chance(0.5)
      case 2:
        return random.pick([-1, 0, 1.5, 2 ** 32, 2 ** 53, Number.NaN, -(2 ** 40)])
      case 3:
        return 'y'.repeat(random.integer(0, 2000))
      case 4:
        return random.bytes(random.integer(0, 500))
      case 5:
        return 2n ** 63n
      case 6:
        return depth > 0 ? [this.#anything(depth - 1), this.#anything(depth - 1)] : []
      default:
        return depth > 0 ? { a: this.#anything(depth - 1), ['__proto__x']: 1 } : {}
    }
  }

  #mutate(frame: Uint8Array): Uint8Array {
    const random = this.#random
    const bytes = Buffer.from(frame)
    switch (random.integer(0, 4)) {
      case 0:
        return bytes.subarray(0, random.integer(1, bytes.length))
      case 1: {
        const at = random.integer(0, bytes.length)
        return Buffer.concat([bytes.subarray(0, at), random.bytes(random.integer(1, 8)), bytes.subarray(at)])
      }
      case 2:
        bytes.writeUInt32BE(
          random.pick([0, 1, 3, bytes.length * 2, 2 ** 31, 2 ** 32 - 1, bytes.length - 5]) >>> 0,
          0,
        )
        return bytes
      default:
        // From the fifth byte on: the length stays right, so that the damage reaches the codec.
        for (let flips = random.integer(1, 6); flips > 0; flips--) {
          bytes[random.integer(Math.min(4, bytes.length - 1), bytes.length - 1)] = random.integer(0, 255)
        }
        return bytes
    }
  }
}
