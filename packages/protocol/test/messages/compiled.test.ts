import t from 'tap'
import { Reader } from '../../src/codec/reader.js'
import { Writer } from '../../src/codec/writer.js'
import { compiledMessage, HeadShape, isRequestFrame, messageFor } from '../../src/messages/compiled.js'
import { frameType } from '../../src/messages/frame-types.js'
import { type MessageName, messages, type RequestOf, type ResponseOf } from '../../src/messages/table.js'

function read(writer: Writer): Record<string, unknown> {
  const bytes = writer.take()
  const reader = new Reader(8)
  reader.reset(bytes, 0, bytes.length)
  const head = reader.map()
  t.equal(reader.position, bytes.length)
  return head
}

const bytes = (size: number): Uint8Array => Buffer.alloc(size, size)

/** Every field filled, the wide ones beyond 32 bits. */
const mint: RequestOf<'mint'> = {
  epoch: 2 ** 40,
  stage: 3,
  time: 2 ** 53 - 1,
  bucketId: bytes(16),
  key: 'ключ/鍵/🔑',
  opId: bytes(16),
  kind: 'object',
  cover: bytes(300),
  exact: true,
  seenTime: 2 ** 50,
  seenSeq: 2 ** 33,
  size: 2 ** 32,
  sha256: bytes(32),
  etag: 'e'.repeat(128),
  contentType: 'text/plain',
  metadata: [
    ['b', '2'],
    ['a', ''],
  ],
  blocks: bytes(64),
  blockSizes: [1, 4 * 1024 * 1024],
}

t.test('a request with more fields than a small map holds, on slabs that are too small for it', async t => {
  const message = compiledMessage('mint')
  for (const slabBytes of [16, 64, 100_000]) {
    const writer = new Writer(slabBytes)
    message.writeRequest(writer, mint, 5_000, true)
    const head = read(writer)
    t.match(head, { op: 'mint', timeoutMs: 5_000, stream: true })
    t.strictSame(plainOf(message.checkRequest(head)), plainOf(mint))
  }
  const writer = new Writer(64)
  message.writeRequest(writer, { ...mint, cover: undefined, exact: undefined }, undefined, false)
  const head = read(writer)
  t.notOk('cover' in head || 'timeoutMs' in head || 'stream' in head)
})

t.test('an answer with and without its own keys', async t => {
  const answer: ResponseOf<'fetchBlock'> = { time: 1, size: 2 }
  const message = compiledMessage('fetchBlock')
  const writer = new Writer(64)
  message.writeResponse(writer, answer, true, true)
  t.strictSame(read(writer), { end: true, stream: true, ...answer })
  message.writeResponse(writer, answer, false, false)
  t.strictSame(read(writer), { ...answer })
})

t.test('each row is found by its frame and op, and only there', async t => {
  for (const name of Object.keys(messages) as MessageName[]) {
    const { frame, op } = messages[name]
    t.equal(messageFor(frameType[frame], op), compiledMessage(name))
    t.ok(isRequestFrame(frameType[frame]))
  }
  t.equal(messageFor(frameType.PUT, 'nothing'), undefined)
  t.equal(messageFor(frameType.PUT, 3), undefined)
  t.equal(messageFor(frameType.RESULT, 'object'), undefined)
  t.notOk(isRequestFrame(frameType.DATA))
})

t.test('a shape writes what has a value, in the order of its fields', async t => {
  const shape = new HeadShape(messages.fetchBlock.response)
  t.equal(shape.entriesMax, 2)
  const writer = new Writer(64)
  t.equal(shape.write(writer, { size: 1, other: 2 }), 1)
})

function plainOf(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, item) =>
      item instanceof Uint8Array ? Buffer.from(item).toString('hex') : item,
    ),
  )
}
