import type { ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'
import t from 'tap'
import { sendBody } from '../../src/http/send-body.js'

const pieceBytes = 1024

/** A response as far as bodies go: it has room for `pieces`, and then only for what is read. */
function responseFor(pieces: number): PassThrough & ServerResponse {
  return new PassThrough({ highWaterMark: pieces * pieceBytes }) as PassThrough & ServerResponse
}

interface Body extends AsyncIterable<Uint8Array> {
  pulled: number
  ended: boolean
}

function bodyOf(pieces: number, failure?: Error): Body {
  const body: Body = {
    pulled: 0,
    ended: false,
    async *[Symbol.asyncIterator]() {
      try {
        for (; body.pulled < pieces; ) {
          body.pulled++
          yield Buffer.alloc(pieceBytes, body.pulled)
        }
        if (failure !== undefined) throw failure
      } finally {
        body.ended = true
      }
    },
  }
  return body
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate)
}

t.test('no more is read of a body than its reader takes', async t => {
  const response = responseFor(2)
  const body = bodyOf(1000)
  const sent = sendBody(response, body, new AbortController().signal)
  await turns(50)
  // What the two sides of the stream have room for, and what is under way.
  t.ok(body.pulled < 10, `${body.pulled} pieces`)
  let received = 0
  for await (const piece of response) received += piece.length
  await sent
  t.equal(received, 1000 * pieceBytes)
})

t.test('a reader that goes away ends the reading', async t => {
  for (const leave of ['close', 'abort'] as const) {
    const response = responseFor(2)
    const controller = new AbortController()
    const body = bodyOf(1000)
    const sent = sendBody(response, body, controller.signal)
    await turns(20)
    if (leave === 'close') response.destroy()
    else controller.abort()
    await t.rejects(sent, { code: 'CANCELLED' }, leave)
    t.ok(body.ended, 'the body was let go')
  }
})

t.test('a body that fails at its end never arrives whole', async t => {
  const response = responseFor(100)
  await t.rejects(
    sendBody(response, bodyOf(3, new Error('damaged')), new AbortController().signal),
    /damaged/,
  )
  t.equal(response.readableLength, 2 * pieceBytes)
  t.notOk(response.writableEnded)
})

t.test('a large piece leaves in parts, so that a slow reader is seen to move', async t => {
  const response = responseFor(1)
  const parts: number[] = []
  response.on('data', (part: Buffer) => parts.push(part.length))
  const large = {
    async *[Symbol.asyncIterator]() {
      yield Buffer.alloc(300 * 1024, 1)
    },
  }
  await sendBody(response, large, new AbortController().signal)
  await turns(5)
  t.strictSame(parts, [128 * 1024, 128 * 1024, 44 * 1024])
})

t.test('an empty body', async t => {
  const response = responseFor(1)
  await sendBody(response, bodyOf(0), new AbortController().signal)
  t.ok(response.writableEnded)
})
