import fc from 'fast-check'
import { Packr } from 'msgpackr'
import type { Frame } from '../../src/frames/frame.js'

/** A second, independent reading of the wire: whole buffers, msgpackr, no streaming. */
const packr = new Packr({
  useRecords: false,
  variableMapSize: true,
  encodeUndefinedAsNil: true,
  useToJSON: false,
  int64AsType: 'number',
})

/** msgpackr writes integers beyond 32 bits as floats unless they are BigInt. */
function wide(value: unknown): unknown {
  if (typeof value === 'number') return value > 0xffff_ffff || value < -0x8000_0000 ? BigInt(value) : value
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(wide)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, wide(item)]))
}

/** Everything as plain data that can be compared: bytes as hex. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}

/** Throws when the two differ; for properties, where a harness's assertion for each run would drown the report. */
export function mustEqual(got: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(plain(got)), JSON.stringify(plain(wanted))]
  if (a !== b) throw new Error(`got ${a}, wanted ${b}`)
}

export function oracleEncode(value: unknown): Buffer {
  return packr.pack(wide(value))
}

export function oracleDecode(bytes: Uint8Array): unknown {
  return packr.unpack(bytes)
}

export interface PlainFrame {
  readonly type: number
  readonly stream: number
  readonly head: Record<string, unknown>
  readonly body: Uint8Array | undefined
}

export function oracleEncodeFrame(frame: PlainFrame): Buffer {
  const { type, stream, head, body } = frame
  const payload = oracleEncode(body === undefined ? [type, stream, head] : [type, stream, head, body])
  const prefix = Buffer.alloc(4)
  prefix.writeUInt32BE(payload.length)
  return Buffer.concat([prefix, payload])
}

export function oracleDecodeFrames(bytes: Buffer): PlainFrame[] {
  const frames: PlainFrame[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    const [type, stream, head, body] = oracleDecode(bytes.subarray(at + 4, at + 4 + length)) as [
      number,
      number,
      Record<string, unknown>,
      Uint8Array | undefined,
    ]
    frames.push({ type, stream, head, body })
    at += 4 + length
  }
  return frames
}

/** A decoded frame with its body joined. */
export function plainFrame(frame: Frame): PlainFrame {
  return {
    type: frame.type,
    stream: frame.stream,
    head: frame.head as Record<string, unknown>,
    body: frame.body === undefined ? undefined : Buffer.concat(frame.body),
  }
}

// Keys such as "__proto__" are refused on purpose; "toString" and its kin must pass.
const key = fc
  .oneof(
    fc.constantFrom('op', 'stream', 'constructor', 'toString'),
    fc.string({ unit: 'binary', maxLength: 40 }),
  )
  .filter(text => text !== '__proto__')

const integer = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -200, max: 300 }),
  fc.constantFrom(
    0,
    127,
    128,
    255,
    256,
    65535,
    65536,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    Number.MAX_SAFE_INTEGER,
  ),
  fc.constantFrom(
    -1,
    -32,
    -33,
    -128,
    -129,
    -32768,
    -32769,
    -(2 ** 31),
    -(2 ** 31) - 1,
    Number.MIN_SAFE_INTEGER,
  ),
)

const leaf = fc.oneof(
  integer,
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.boolean(),
  fc.uint8Array({ maxLength: 300 }),
  fc.constant(null),
)

/** What a head may hold, nested a little. */
export const headValue: fc.Arbitrary<unknown> = fc.letrec<{ node: unknown }>(tie => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie('node'), { maxLength: 17 }),
    fc.dictionary(key, tie('node'), { maxKeys: 20, noNullPrototype: true }),
  ),
})).node

export const head: fc.Arbitrary<Record<string, unknown>> = fc.dictionary(key, headValue, {
  maxKeys: 6,
  noNullPrototype: true,
})

export const frame: fc.Arbitrary<PlainFrame> = fc.record({
  type: fc.integer({ min: 0, max: 300 }),
  stream: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.maxSafeNat()),
  head,
  body: fc.option(
    fc.oneof(
      { weight: 19, arbitrary: fc.uint8Array({ maxLength: 100 }) },
      {
        weight: 1,
        arbitrary: fc.integer({ min: 0, max: 70_000 }).map(size => Buffer.alloc(size, size & 0xff)),
      },
    ),
    { nil: undefined },
  ),
})

/** `bytes` cut at these places (any integers). */
export function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map(place => Math.abs(place) % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...at].map((start, i) => bytes.subarray(start, at[i] ?? bytes.length))
}
