import fc from 'fast-check'
import t from 'tap'
import type { TorcError } from '../../src/errors.js'
import { BufferPool } from '../../src/frames/buffer-pool.js'
import { FrameDecoder } from '../../src/frames/decoder.js'
import { encodeFrame, FrameEncoder } from '../../src/frames/encoder.js'
import type { Frame } from '../../src/frames/frame.js'
import { limits } from '../../src/limits.js'
import { frameType } from '../../src/messages/frame-types.js'
import {
  cut,
  frame,
  mustEqual,
  oracleDecodeFrames,
  oracleEncodeFrame,
  type PlainFrame,
  plainFrame,
} from '../support/oracle.js'

function decodeChunks(chunks: readonly Uint8Array[]): PlainFrame[] {
  const frames: PlainFrame[] = []
  const decoder = new FrameDecoder(frame => frames.push(plainFrame(frame)))
  for (const chunk of chunks) decoder.push(chunk)
  if (decoder.midFrame) throw new Error('the decoder waits for more')
  return frames
}

function failure(chunks: readonly Uint8Array[], frameBytesMax?: number): TorcError | undefined {
  const decoder = new FrameDecoder(() => {}, frameBytesMax)
  try {
    for (const chunk of chunks) decoder.push(chunk)
    return undefined
  } catch (error) {
    return error as TorcError
  }
}

const bytesOf = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const each = (bytes: Buffer): Buffer[] => Array.from(bytes, (_, i) => bytes.subarray(i, i + 1))

const frames = fc.array(frame, { minLength: 1, maxLength: 6 })

t.test('what the oracle sends is read, however it is cut', async t => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(), { maxLength: 40 }), (sent, places) => {
      const bytes = Buffer.concat(sent.map(oracleEncodeFrame))
      const wanted = oracleDecodeFrames(bytes)
      for (const chunks of [[bytes], cut(bytes, places), each(bytes)]) mustEqual(decodeChunks(chunks), wanted)
    }),
  )
  t.pass()
})

t.test('what the encoder sends, the oracle reads', async t => {
  fc.assert(
    fc.property(frames, sent => {
      const encoder = new FrameEncoder(512)
      for (const { type, stream, head, body } of sent) {
        encoder.begin(type, stream, body !== undefined).value(head)
        encoder.finish(
          body === undefined ? undefined : cut(Buffer.from(body), [body.length >> 1]),
          limits.frameBytesMax,
        )
      }
      const queued = encoder.queuedBytes
      const bytes = Buffer.concat(encoder.take())
      if (queued !== bytes.length || encoder.queuedBytes !== 0) throw new Error('queuedBytes is wrong')
      mustEqual(oracleDecodeFrames(bytes), sent)
    }),
  )
  t.pass()
})

t.test('mutated frames never throw anything but PROTOCOL', async t => {
  const mutation = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
  fc.assert(
    fc.property(
      frames,
      fc.array(mutation, { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 5 }),
      (sent, mutations, places) => {
        const bytes = Buffer.concat(sent.map(oracleEncodeFrame))
        for (const [at, value] of mutations) bytes[at % bytes.length] = value
        const error = failure(cut(bytes, places))
        if (error !== undefined && error.code !== 'PROTOCOL') throw error
      },
    ),
    { numRuns: 400 },
  )
  t.pass()
})

t.test('the encoder hands on a large body as it is', async t => {
  const body = Buffer.alloc(200_000, 9)
  t.equal(encodeFrame(frameType.DATA, 1, {}, [body])[1], body)
})

t.test('property: chunks may be written over once they were pushed', async t => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(), { maxLength: 40 }), (sent, places) => {
      const bytes = Buffer.concat(sent.map(oracleEncodeFrame))
      const got: Frame[] = []
      const decoder = new FrameDecoder(frame => got.push(frame))
      for (const chunk of cut(Buffer.from(bytes), places)) {
        decoder.push(chunk)
        chunk.fill(0xdd)
      }
      mustEqual(got.map(plainFrame), oracleDecodeFrames(bytes))
    }),
  )
  t.pass()
})

t.test('property: what is read into the target is the body, copied or not', async t => {
  const sizes = fc.array(fc.integer({ min: 1, max: limits.dataBytesMax }), { minLength: 1, maxLength: 4 })
  const reads = fc.array(fc.integer({ min: 64, max: 90_000 }), { minLength: 1, maxLength: 12 })
  const pool = new BufferPool({ bufferBytes: limits.dataBytesMax, freeBytesMax: 2 ** 20, scribbles: true })
  fc.assert(
    fc.property(sizes, reads, (given, lengths) => {
      const bodies = given.map((size, i) => Buffer.alloc(size, i + 1))
      const bytes = Buffer.concat(bodies.flatMap((body, i) => encodeFrame(frameType.DATA, i + 1, {}, [body])))
      let count = 0
      let inPlace = 0
      const decoder = new FrameDecoder(
        ({ lease, body }) => {
          if (!bodies[count++]?.equals(body?.[0] as Uint8Array)) throw new Error('another body')
          lease?.release()
        },
        limits.frameBytesMax,
        pool,
      )
      // As a socket reads: into the target as far as it goes, else into one buffer that serves all reads.
      const scratch = Buffer.alloc(65_536)
      for (let at = 0, n = 0; at < bytes.length; n++) {
        const into = decoder.target ?? scratch
        if (into !== scratch) inPlace++
        const length = Math.min(into.length, lengths[n % lengths.length] ?? 1, bytes.length - at)
        into.set(bytes.subarray(at, at + length))
        decoder.push(into.subarray(0, length))
        at += length
      }
      return count === bodies.length && (inPlace > 0 || given.every(size => size < 100_000))
    }),
    { numRuns: 30 },
  )
  t.ok(pool.freeBytes > 0, 'buffers came back')
})

t.test('a head that straddles chunks, and the body behind it', async t => {
  const head = { entries: Array.from({ length: 5_000 }, (_, i) => `entry ${i}`) }
  const bytes = Buffer.concat(encodeFrame(11, 2, head, [Buffer.alloc(60_000, 1)]))
  let got: Frame | undefined
  const decoder = new FrameDecoder(frame => {
    got = frame
  })
  for (const chunk of cut(bytes, [10_000, 30_000, 64_000, 100_000])) decoder.push(chunk)
  t.same(got?.head, head)
  t.ok(got?.body?.[0]?.every(byte => byte === 1))
  t.equal(got?.body?.[0]?.length, 60_000)
})

t.test('a body that comes byte by byte is one piece', async t => {
  for (const type of [frameType.DATA, frameType.RESULT]) {
    const bytes = Buffer.concat(encodeFrame(type, 1, {}, [Buffer.alloc(100_000, 1)]))
    let got: Frame | undefined
    const decoder = new FrameDecoder(frame => {
      got = frame
    })
    for (const chunk of each(bytes)) decoder.push(chunk)
    t.same(
      got?.body?.map(piece => piece.length),
      [100_000],
    )
  }
})

t.test('a decoder that was stopped in the middle of a body gives its buffer to nobody', async t => {
  const pool = new BufferPool({ bufferBytes: limits.dataBytesMax, freeBytesMax: 2 ** 20 })
  const decoder = new FrameDecoder(() => t.fail('half a frame'), limits.frameBytesMax, pool)
  const bytes = Buffer.concat(encodeFrame(frameType.DATA, 1, {}, [Buffer.alloc(200_000, 1)]))
  decoder.push(bytes.subarray(0, 100_000))
  t.ok(decoder.target, 'a socket may be reading into it')
  decoder.stop()
  t.equal(decoder.target, undefined)
  t.equal(pool.freeBytes, 0)
})

t.test('a body of no bytes is a body', async t => {
  t.equal(decodeChunks([bytesOf('00000006 94 0d 01 80 c400')])[0]?.body?.length, 0)
  t.equal(decodeChunks([bytesOf('00000004 93 0d 01 80')])[0]?.body, undefined)
})

t.test('malformed frames', async t => {
  const cases: [string, string, RegExp][] = [
    ['length 0', '00000000', /length of 0/],
    ['length 3', '00000003 930d01', /length of 3/],
    ['length over the limit', 'ffffffff', /length of 4294967295/],
    ['one byte over the limit', '00200001', /length of 2097153/],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n').toString('hex'), /length of/],
    ['not an array', '00000004 80808080', /not an array/],
    ['an array of 2', '00000004 92 0d 01 80', /array of 2/],
    ['an array of 5', '00000007 95 0d 01 80 c400 00', /array of 5/],
    ['a type that is text', '00000005 93 a161 01 80', /type/],
    ['a negative stream', '00000004 93 0d ff 80', /stream/],
    ['a stream of 2^53', '0000000c 93 0d cf0020000000000000 80', /stream/],
    ['a float as stream', '0000000c 93 0d cb3ff0000000000000 80', /stream/],
    ['a head that is a list', '00000004 93 0d 01 90', /no map/],
    ['bytes after the head', '00000005 93 0d 01 80 00', /after the head/],
    ['bytes after the body', '00000007 94 0d 01 80 c400 00', /after the body/],
    ['a body that is text', '00000006 94 0d 01 80 a161', /no bin/],
    ['a body cut short', '00000006 94 0d 01 80 c405', /cut short/],
    ['a head cut short', '00000005 93 0d 01 81 a1', /ends inside/],
    ['a declared count that is huge', '00000008 93 0d 01 dfffffffff', /ends inside/],
    ['0xc1', '00000007 93 0d 01 81 a161 c1', /0xc1/],
    ['nested too deep', `0000000f 93 0d 01 81 a161 ${'91'.repeat(8)} 01`, /deeper/],
  ]
  for (const [name, text, wanted] of cases) {
    const bytes = bytesOf(text)
    for (const chunks of [[bytes], each(bytes)]) {
      const error = failure(chunks)
      t.equal(error?.code, 'PROTOCOL', name)
      t.match(error?.message, wanted, name)
    }
  }
})

t.test('the length is checked before anything is kept', async t => {
  const decoder = new FrameDecoder(() => {}, 4096)
  t.throws(() => decoder.push(bytesOf('00001001')), { code: 'PROTOCOL' })
  t.match(failure([bytesOf('00001001')], 4096)?.message, /4 to 4096/)
})

t.test('a head over the limit is neither sent nor taken', async t => {
  const head = { text: 'x'.repeat(limits.headBytesMax) }
  t.throws(() => encodeFrame(3, 1, head), { code: 'TOO_LARGE' })
  const bytes = oracleEncodeFrame({ type: 3, stream: 1, head, body: undefined })
  t.match(failure([bytes])?.message, /head over/)
  const fits = { text: 'x'.repeat(limits.headBytesMax - 20) }
  t.equal(failure([Buffer.concat(encodeFrame(3, 1, fits))]), undefined)
})

t.test('a decoder that was stopped says nothing more', async t => {
  const seen: number[] = []
  const decoder: FrameDecoder = new FrameDecoder(frame => {
    seen.push(frame.stream)
    if (frame.stream === 2) decoder.stop()
  })
  decoder.push(Buffer.concat([1, 2, 3].flatMap(stream => encodeFrame(19, stream, {}))))
  decoder.push(Buffer.concat(encodeFrame(19, 4, {})))
  t.same(seen, [1, 2])
})

t.test('a batch may be taken in parts, each of whole frames', async t => {
  const encoder = new FrameEncoder()
  const sent: number[] = []
  for (let i = 1; i <= 40; i++) {
    const size = i % 3 === 0 ? 50_000 : i % 3 === 1 ? 3_000 : 10
    encoder.begin(13, i, true).value({})
    encoder.finish([Buffer.alloc(size, i)], limits.frameBytesMax)
    sent.push(i)
  }
  const got: number[] = []
  while (encoder.queuedBytes > 0) {
    const before = encoder.queuedBytes
    const bytes = Buffer.concat(encoder.take(100_000))
    t.equal(before - encoder.queuedBytes, bytes.length)
    t.ok(bytes.length < 300_000)
    for (const { stream, body } of decodeChunks([bytes])) {
      got.push(stream)
      t.ok(body?.every(byte => byte === stream))
    }
  }
  t.same(got, sent)
  t.same(encoder.take(), [])
})

t.test('memory is used again only when all was sent', async t => {
  const encoder = new FrameEncoder()
  const add = (stream: number, text: string): void => {
    encoder.begin(3, stream, false).value({ text })
    encoder.finish(undefined, limits.frameBytesMax)
  }
  add(1, 'a')
  const [first] = encoder.take()
  encoder.recycle()
  add(2, 'b')
  const [second] = encoder.take()
  t.equal(second?.byteOffset, first?.byteOffset, 'the same place')
  add(3, 'c')
  encoder.recycle()
  t.same(
    decodeChunks(encoder.take()).map(frame => frame.head),
    [{ text: 'c' }],
    'what waits is kept',
  )
  add(4, 'd'.repeat(1_000_000))
  encoder.take()
  encoder.recycle()
  add(5, 'e')
  t.ok((encoder.take()[0]?.buffer.byteLength ?? 0) <= 65_536, 'a slab that was stretched is given up')
})

t.test('the encoder refuses what the peer would, and leaves no trace of it', async t => {
  const encoder = new FrameEncoder()
  encoder.begin(3, 1, false).value({ text: 'x'.repeat(100) })
  t.throws(() => encoder.finish(undefined, 50), { code: 'TOO_LARGE' })
  encoder.begin(3, 1, false)
  encoder.abandon()
  encoder.begin(19, 0, false).value({})
  encoder.finish(undefined, 50)
  t.equal(Buffer.concat(encoder.take()).toString('hex'), '0000000493130080')
})
