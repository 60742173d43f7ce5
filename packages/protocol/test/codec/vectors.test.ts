import t from 'tap'
import { decodeValue } from '../../src/codec/reader.js'
import { encodeValue } from '../../src/codec/writer.js'
import { TorcError } from '../../src/errors.js'
import { FrameDecoder } from '../../src/frames/decoder.js'
import { encodeFrame } from '../../src/frames/encoder.js'
import { proofOf } from '../../src/handshake/hello.js'
import { messageFor } from '../../src/messages/compiled.js'
import { integer } from '../../src/messages/fields.js'
import { frameNameOf } from '../../src/messages/frame-types.js'
import { cut, type PlainFrame, plain, plainFrame } from '../support/oracle.js'
import { fromVector, vectors } from '../support/vectors.js'

function decode(chunks: readonly Uint8Array[]): PlainFrame[] {
  const frames: PlainFrame[] = []
  const decoder = new FrameDecoder(frame => frames.push(plainFrame(frame)))
  for (const chunk of chunks) decoder.push(chunk)
  return frames
}

/** Whole, byte by byte, and cut in two at every place (of the first hundred). */
function cuts(bytes: Buffer): Buffer[][] {
  const all = Array.from({ length: Math.min(bytes.length, 100) }, (_, i) => i)
  return [[bytes], cut(bytes, all), ...all.map(place => cut(bytes, [place]))]
}

t.test('integers', async t => {
  interface Vector {
    meaning: string
    value: string
    hex: string
    accepted: boolean
    canonical: boolean
  }
  const field = integer(Number.MIN_SAFE_INTEGER)
  for (const { meaning, value, hex, accepted, canonical } of vectors<Vector[]>('integers')) {
    const got = decodeValue(Buffer.from(hex, 'hex'), 8)
    t.equal(String(got), value, meaning)
    if (accepted) t.equal(field.check(got, 'x'), Number(value), meaning)
    else t.throws(() => field.check(got, 'x'), { code: 'BAD_REQUEST' }, meaning)
    if (accepted && canonical) t.equal(Buffer.from(encodeValue(Number(value))).toString('hex'), hex, meaning)
  }
})

t.test('frames', async t => {
  interface Vector {
    meaning: string
    hex: string
    type: number
    stream: number
    head: unknown
    body: string | null
    canonical: boolean
    bodyZeros?: number
    hexIsPrefix?: boolean
  }
  for (const vector of vectors<Vector[]>('frames')) {
    const { meaning, type, stream, canonical } = vector
    const head = fromVector(vector.head) as Record<string, unknown>
    const zeros = vector.bodyZeros
    const body =
      vector.body === null
        ? undefined
        : zeros === undefined
          ? Buffer.from(vector.body, 'hex')
          : Buffer.alloc(zeros)
    const own = Buffer.concat(encodeFrame(type, stream, head, body === undefined ? undefined : [body]))
    const hex = own.toString('hex')
    if (canonical)
      t.equal(vector.hexIsPrefix === true ? hex.slice(0, vector.hex.length) : hex, vector.hex, meaning)
    const bytes = vector.hexIsPrefix === true ? own : Buffer.from(vector.hex, 'hex')
    const wanted = JSON.stringify(plain([{ type, stream, head, body }]))
    t.ok(
      cuts(bytes).every(chunks => JSON.stringify(plain(decode(chunks))) === wanted),
      `${meaning}, however it is cut`,
    )
  }
})

t.test('malformed frames', async t => {
  for (const { name, hex } of vectors<{ name: string; hex: string }[]>('malformed')) {
    for (const chunks of cuts(Buffer.from(hex, 'hex'))) {
      try {
        decode(chunks)
        t.fail(`${name} was read`)
      } catch (error) {
        if (!(error instanceof TorcError) || error.code !== 'PROTOCOL') throw error
      }
    }
    t.pass(name)
  }
})

t.test('the handshake’s proofs', async t => {
  const vector = vectors<Record<string, string>>('handshake')
  const bytes = (name: string): Buffer => Buffer.from(vector[name] ?? '', 'hex')
  for (const prover of ['initiator', 'acceptor'] as const) {
    const proof = proofOf(bytes('secret'), prover, bytes('initiatorHello'), bytes('acceptorHello'))
    t.equal(Buffer.from(proof).toString('hex'), vector[`${prover}Proof`])
  }
})

t.test('a whole session reads as the table says', async t => {
  const requests = new Map<number, ReturnType<typeof messageFor>>()
  for (const { from, meaning, hex } of vectors<{ from: string; meaning: string; hex: string }[]>('session')) {
    const [frame] = decode([Buffer.from(hex, 'hex')])
    if (frame === undefined) throw new Error(meaning)
    const message = messageFor(frame.type, frame.head.op)
    if (message !== undefined) {
      requests.set(frame.stream, message)
      t.equal(from, 'client')
      t.ok(message.checkRequest(frame.head), meaning)
    } else if ([9, 11, 18].includes(frame.type))
      t.ok(requests.get(frame.stream)?.checkResponse(frame.head), meaning)
    else t.ok(frameNameOf(frame.type), meaning)
  }
})
