import { frameType } from '@torc/protocol/messages/frame-types'
import fc from 'fast-check'
import t from 'tap'
import { FrameSplitter } from './frame-splitter.js'
import { helloName, viewFrame } from './frame-view.js'
import { makeFrame } from './make-frame.js'

const head = fc.dictionary(
  fc.string(),
  fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.maxSafeNat(),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(fc.tuple(fc.string(), fc.nat()), { maxLength: 20 }),
    fc.dictionary(fc.string(), fc.string(), { maxKeys: 20 }),
  ),
)

t.test('type, stream and length of the body are read whatever the head holds', async t => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(frameType)),
      fc.nat(0xffffffff),
      head,
      fc.option(fc.uint8Array({ maxLength: 70_000 }), { nil: undefined }),
      (type, stream, fields, body) => {
        const bytes = makeFrame(type, stream, fields, body)
        const view = viewFrame(bytes)
        return (
          view.type === type &&
          view.stream === stream &&
          view.bodyBytes === (body?.length ?? 0) &&
          view.bytes === bytes
        )
      },
    ),
  )
  t.equal(viewFrame(makeFrame(frameType.DATA, 1, {}, new Uint8Array(3))).name, 'DATA')
  t.equal(viewFrame(makeFrame(99, 1, {})).name, undefined)
})

t.test('a HELLO tells who sends it', async t => {
  const hello = (fields: object) => helloName(viewFrame(makeFrame(frameType.HELLO, 0, fields)))
  t.equal(
    hello({ id: 'agent-1-0a', nonce: new Uint8Array(32), limits: { a: 1 }, name: 'agent-1' }),
    'agent-1',
  )
  t.equal(hello({ name: 'ü'.repeat(40) }), 'ü'.repeat(40))
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`field-${index}`, [index]]))
  t.equal(hello({ ...many, name: 'late' }), 'late')
  t.equal(hello({ id: 'nameless' }), undefined)
  const head = (...bytes: number[]) => viewFrame(Uint8Array.of(0, 0, 0, 9, 0x93, 1, 0, ...bytes))
  t.throws(() => helloName(head(0x90)), /no map/)
  t.throws(() => helloName(head(0x81, 1, 1)), /no text/)
})

t.test('what is no frame is said', async t => {
  t.throws(() => viewFrame(Uint8Array.of(0, 0, 0, 1, 0xa0)), /not with an array/)
  t.throws(() => viewFrame(Uint8Array.of(0, 0, 0, 4, 0x93, 0xa0, 1, 0x80)), /no unsigned integer/)
  t.throws(() => viewFrame(Uint8Array.of(0, 0, 0, 4, 0x93, 1, 1, 0xc1)), /does not occur/)
  t.throws(() => viewFrame(Uint8Array.of(0, 0, 0, 5, 0x94, 1, 1, 0x80, 0xa0)), /no binary/)
})

t.test('frames come out whole however the stream is cut', async t => {
  const frames = [
    makeFrame(3, 1, { op: 'object' }),
    makeFrame(13, 1, {}, new Uint8Array(500)),
    makeFrame(14, 1, {}),
  ]
  const stream = Buffer.concat(frames)
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 30 }), cuts => {
      const splitter = new FrameSplitter()
      const edges = [0, ...cuts.sort((a, b) => a - b), stream.length]
      const out = edges.slice(1).flatMap((end, i) => [...splitter.push(stream.subarray(edges[i], end))])
      return out.length === frames.length && Buffer.concat(out).equals(stream) && splitter.heldBytes === 0
    }),
  )
  t.equal([...new FrameSplitter().push(stream.subarray(0, 5))].length, 0)
})
