import t from 'tap'
import { systemClock, systemEnvironment } from '../../src/environment/system.js'
import { errorCodeOf } from '../../src/errors.js'
import { type Acceptor, acceptExchanges } from '../../src/exchange/endpoint.js'
import type { Handlers } from '../../src/exchange/exchange.js'
import { encodeFrame } from '../../src/frames/encoder.js'
import type { Frame } from '../../src/frames/frame.js'
import { limits } from '../../src/limits.js'
import type { AnnouncedLimits } from '../../src/messages/control.js'
import { frameType, type Role } from '../../src/messages/frame-types.js'
import { memoryTransport } from '../../src/transport/memory.js'
import type { Transport } from '../../src/transport/transport.js'
import {
  blockRequest,
  clusterSecret,
  fetchBlockRequest,
  nodeIdentity,
  usageAnswer,
} from '../support/endpoints.js'
import { RawPeer } from '../support/raw-peer.js'

const {
  PUT,
  FETCH,
  POST,
  GOSSIP,
  RESULT,
  FETCH_RESP,
  ERROR,
  DATA,
  END,
  CREDIT,
  CANCEL,
  PING,
  PONG,
  HELLO,
  WELCOME,
} = frameType

interface Stage {
  readonly peer: RawPeer
  readonly acceptor: Acceptor
  readonly transport: Transport
  readonly close: () => Promise<void>
}

async function stage(
  handlers: Handlers = {},
  role: Role = 'server',
  announce: Partial<AnnouncedLimits> = {},
): Promise<Stage> {
  const transport = memoryTransport(systemClock)
  const acceptor = await acceptExchanges(
    transport,
    { host: '127.0.0.1', port: 0 },
    {
      identity: nodeIdentity('agent', 'agent'),
      credentials: { secretOf: () => clusterSecret },
      handlers: { fetchUsage: () => ({ head: usageAnswer }), ...handlers },
      environment: systemEnvironment,
      allowedRoles: ['server', 'agent', 'gateway'],
      announce,
    },
  )
  const peer = await RawPeer.connect(transport, acceptor.address, nodeIdentity(role, 'raw'))
  return {
    peer,
    acceptor,
    transport,
    async close() {
      peer.connection.destroy()
      await peer.sawClose
      await acceptor.close(0)
    },
  }
}

const errorOn = (stream: number) => (frame: Frame) => frame.type === ERROR && frame.stream === stream
const codeOf = (frame: Frame | undefined): string => errorCodeOf(Number(frame?.head.code))
const usage = { op: 'usage' }

t.test('a request that is wrong gets ERROR, and the next one its answer', async t => {
  const s = await stage({ putBlock: () => ({ head: { time: 1, had: true } }) })
  const cases: [
    string,
    number,
    Record<string, unknown>,
    readonly Uint8Array[] | undefined,
    string,
    RegExp,
  ][] = [
    ['a frame type that nobody knows', 99, usage, undefined, 'UNSUPPORTED', /99/],
    ['a frame type that is reserved', frameType.WATCH, usage, undefined, 'UNSUPPORTED', /WATCH/],
    ['an operation that nobody knows', FETCH, { op: 'nothing' }, undefined, 'UNSUPPORTED', /FETCH.*nothing/],
    ['no operation', FETCH, {}, undefined, 'UNSUPPORTED', /without a name/],
    ['an operation that is no text', FETCH, { op: 7 }, undefined, 'UNSUPPORTED', /without a name/],
    ['a message that is not served', FETCH, { op: 'epoch' }, undefined, 'UNSUPPORTED', /not served/],
    [
      'a message for another role',
      PUT,
      { op: 'object' },
      undefined,
      'DENIED',
      /a server may not send PUT object/,
    ],
    ['a field that is missing', POST, { op: 'block' }, [Buffer.of(1)], 'BAD_REQUEST', /epoch/],
    [
      'a field of a wrong type',
      POST,
      { op: 'block', ...blockRequest(), hash: 'x' },
      [Buffer.of(1)],
      'BAD_REQUEST',
      /hash/,
    ],
    [
      'a field out of range',
      POST,
      { op: 'block', ...blockRequest(), stage: 4 },
      [Buffer.of(1)],
      'BAD_REQUEST',
      /stage/,
    ],
    [
      'a deadline of a wrong type',
      FETCH,
      { op: 'usage', timeoutMs: 'x' },
      undefined,
      'BAD_REQUEST',
      /timeoutMs/,
    ],
    ['a body where none belongs', FETCH, usage, [Buffer.of(1)], 'BAD_REQUEST', /no body/],
    [
      'no body where one belongs',
      POST,
      { op: 'block', ...blockRequest() },
      undefined,
      'BAD_REQUEST',
      /needs a body/,
    ],
    [
      'two bodies',
      POST,
      { op: 'block', stream: true, ...blockRequest() },
      [Buffer.of(1)],
      'BAD_REQUEST',
      /body/,
    ],
    [
      'a body too large for its frame',
      POST,
      { op: 'block', ...blockRequest() },
      [Buffer.alloc(65_537)],
      'TOO_LARGE',
      /65536/,
    ],
  ]
  let stream = 1
  for (const [name, type, head, body, code, message] of cases) {
    s.peer.send(type, stream, head, body)
    const frame = await s.peer.next(errorOn(stream))
    t.equal(codeOf(frame), code, name)
    t.match(frame?.head.message, message, name)
    t.ok(String(frame?.head.hint).length > 10, 'with a hint')
    stream += 2
  }
  s.peer.send(FETCH, stream, { ...usage, someday: { a: [1] }, ratio: null })
  const answer = await s.peer.next(frame => frame.stream === stream)
  t.equal(answer?.type, FETCH_RESP, 'fields of later versions are ignored')
  t.equal(answer?.head.end, true)
  await s.close()
})

t.test('an agent may not be asked what servers answer', async t => {
  const s = await stage({}, 'gateway')
  s.peer.send(PUT, 1, { op: 'object' })
  const frame = await s.peer.next(errorOn(1))
  t.equal(codeOf(frame), 'UNSUPPORTED')
  t.match(frame?.head.hint, /a server/)
  await s.close()
})

t.test('what breaks the protocol ends the connection with ERROR on stream 0', async t => {
  const hold: Handlers = {
    putBlock: request =>
      request.body?.bytes(10_000_000).then(() => ({ head: { time: 1, had: true } })) ?? Promise.reject(),
    fetchBlock: () => ({ head: { time: 1, size: 0 }, body: Buffer.alloc(2_000_000) }),
  }
  const put = encodeFrame(POST, 1, { op: 'block', stream: true, ...blockRequest() })
  const get = encodeFrame(FETCH, 1, { op: 'block', ...fetchBlockRequest })
  const byte = [Buffer.of(1)]
  const cases: [string, Uint8Array[], RegExp][] = [
    ['an even number', encodeFrame(FETCH, 2, usage), /number 2/],
    ['number 0', encodeFrame(FETCH, 0, usage), /number 0/],
    [
      'a number that was used',
      [...encodeFrame(FETCH, 3, usage), ...encodeFrame(FETCH, 3, usage)],
      /number 3/,
    ],
    ['a number that falls', [...encodeFrame(FETCH, 5, usage), ...encodeFrame(FETCH, 3, usage)], /number 3/],
    ['an answer to nothing', encodeFrame(RESULT, 2, {}), /never asked/],
    ['an answer to its own request', [...put, ...encodeFrame(RESULT, 1, {})], /never asked/],
    ['an error for nothing', encodeFrame(ERROR, 2, { code: 1, message: '', hint: '' }), /never asked/],
    ['DATA on a stream that was never opened', encodeFrame(DATA, 7, {}, byte), /never opened/],
    ['DATA on stream 0', encodeFrame(DATA, 0, {}, byte), /never opened/],
    ['DATA on a request without a stream', [...get, ...encodeFrame(DATA, 1, {}, byte)], /none may come/],
    ['END on a request without a stream', [...get, ...encodeFrame(END, 1, {})], /none may come/],
    ['DATA without a body', [...put, ...encodeFrame(DATA, 1, {})], /DATA without/],
    ['DATA of no bytes', [...put, ...encodeFrame(DATA, 1, {}, [])], /DATA without/],
    ['END with a digest cut short', [...put, ...encodeFrame(END, 1, { sha256: Buffer.of(1) })], /sha256/],
    [
      'DATA too large',
      [...put, ...encodeFrame(DATA, 1, {}, [Buffer.alloc(limits.dataBytesMax + 1)])],
      /more than/,
    ],
    [
      'DATA after END',
      [
        ...put,
        ...encodeFrame(DATA, 1, {}, [Buffer.alloc(1)]),
        ...encodeFrame(END, 1, {}),
        ...encodeFrame(DATA, 1, {}, byte),
      ],
      /none may come/,
    ],
    [
      'CREDIT that overflows',
      [
        ...get,
        ...Array.from({ length: 2 }, () =>
          encodeFrame(CREDIT, 1, { bytes: limits.streamWindowBytesMax }),
        ).flat(),
      ],
      /too far/,
    ],
    ['CREDIT of nothing', [...get, ...encodeFrame(CREDIT, 1, { bytes: 0 })], /bytes/],
    ['CREDIT on a stream that was never opened', encodeFrame(CREDIT, 9, { bytes: 1 }), /never opened/],
    ['CANCEL on a stream that was never opened', encodeFrame(CANCEL, 4, {}), /never opened/],
    ['HELLO after the handshake', encodeFrame(HELLO, 0, {}), /handshake/],
    ['WELCOME after the handshake', encodeFrame(WELCOME, 0, {}), /handshake/],
    ['length 0', [Buffer.alloc(4)], /length of 0/],
    ['a frame over the limit', [Buffer.of(0xff, 0xff, 0xff, 0xff)], /length of/],
    ['0xc1', [Buffer.from('0000000693080181a161c1'.replace('00000006', '00000007'), 'hex')], /0xc1/],
  ]
  for (const [name, pieces, wanted] of cases) {
    const s = await stage(hold)
    s.peer.sendBytes(Buffer.concat(pieces))
    const frame = await s.peer.next(errorOn(0))
    t.match(frame?.head.message, wanted, name)
    await s.peer.sawClose
    await s.close()
  }
})

t.test('DATA beyond the window ends the connection', async t => {
  const never = new Promise<never>(() => {})
  const s = await stage({ putBlock: () => never }, 'server', { streamWindowBytes: 1000 })
  s.peer.send(POST, 1, { op: 'block', stream: true, ...blockRequest() })
  s.peer.send(DATA, 1, {}, [Buffer.alloc(1000)])
  s.peer.send(DATA, 1, {}, [Buffer.alloc(1)])
  const frame = await s.peer.next(errorOn(0))
  t.match(frame?.head.message, /1 bytes where 0 were granted/)
  await s.close()
})

t.test('DATA for a stream that is closed is dropped', async t => {
  const s = await stage({
    putBlock: () => {
      throw new Error('no')
    },
  })
  s.peer.send(POST, 1, { op: 'block', stream: true, ...blockRequest() })
  await s.peer.next(errorOn(1))
  s.peer.send(DATA, 1, {}, [Buffer.alloc(1000)])
  s.peer.send(END, 1, {})
  s.peer.send(CREDIT, 1, { bytes: 1 })
  s.peer.send(CANCEL, 1, {})
  s.peer.send(FETCH, 3, usage)
  t.equal((await s.peer.next(frame => frame.stream === 3))?.type, FETCH_RESP)
  await s.close()
})

t.test('requests beyond the announced limit: OVERLOADED, also when they are cancelled at once', async t => {
  const s = await stage({ gossip: () => new Promise(() => {}) }, 'server', { openRequestsMax: 10 })
  for (let stream = 1; stream <= 41; stream += 2) {
    s.peer.send(GOSSIP, stream, { op: 'members', members: [], epoch: 0 })
    if (stream < 21) s.peer.send(CANCEL, stream, {})
  }
  const frame = await s.peer.next(errorOn(41))
  t.equal(codeOf(frame), 'OVERLOADED')
  t.equal(s.peer.frames.filter(frame => frame.type === ERROR).length, 11)
  await s.close()
})

t.test('streams beyond the announced limit: OVERLOADED', async t => {
  const s = await stage({ putBlock: () => new Promise(() => {}) }, 'server', { openStreamsMax: 2 })
  for (const stream of [1, 3, 5]) s.peer.send(POST, stream, { op: 'block', stream: true, ...blockRequest() })
  t.equal(codeOf(await s.peer.next(errorOn(5))), 'OVERLOADED')
  await s.close()
})

t.test('a peer that never reads its answers is refused, then cut off', async t => {
  const s = await stage({ fetchBlock: () => ({ head: { time: 1, size: 0 }, body: Buffer.alloc(60_000) }) })
  s.peer.connection.pause()
  const [exchange] = s.acceptor.exchanges
  for (let stream = 1, round = 0; round < 200 && exchange?.open === true; round++) {
    const batch: Uint8Array[] = []
    for (let i = 0; i < 1000; i++, stream += 2) {
      batch.push(...encodeFrame(FETCH, stream, { op: 'block', ...fetchBlockRequest }))
    }
    s.peer.sendBytes(Buffer.concat(batch))
    await new Promise(resolve => setImmediate(resolve))
  }
  // 8 MiB of answers, then small errors only: memory stays far below what was asked for.
  t.ok((exchange?.openRequests ?? 1) === 0)
  s.peer.connection.resume()
  const refused = await s.peer.next(frame => frame.type === ERROR)
  t.equal(codeOf(refused), 'OVERLOADED')
  await s.close()
})

t.test('PING is answered by PONG; PONG and late answers are taken as they come', async t => {
  const s = await stage()
  s.peer.send(PING, 0, {})
  t.equal((await s.peer.next(frame => frame.type === PONG))?.stream, 0)
  s.peer.send(PONG, 0, {})
  s.peer.send(FETCH, 1, usage)
  t.equal((await s.peer.next(frame => frame.stream === 1))?.type, FETCH_RESP)
  await s.close()
})

t.test('answers that are wrong', async t => {
  const cases: [
    string,
    number,
    Record<string, unknown>,
    readonly Uint8Array[] | undefined,
    boolean,
    RegExp,
  ][] = [
    ['fields that are missing', FETCH_RESP, { end: true }, undefined, false, /malformed/],
    ['of the wrong type', RESULT, { ...usageAnswer }, undefined, true, /wrong type/],
    ['a body where none belongs', FETCH_RESP, { end: true, ...usageAnswer }, [Buffer.of(1)], true, /no body/],
    [
      'a stream where none belongs',
      FETCH_RESP,
      { end: true, stream: true, ...usageAnswer },
      undefined,
      true,
      /no body/,
    ],
    [
      'a stream that is not the last',
      FETCH_RESP,
      { stream: true, ...usageAnswer },
      undefined,
      true,
      /only the last/,
    ],
    [
      'two bodies',
      FETCH_RESP,
      { end: true, stream: true, ...usageAnswer },
      [Buffer.of(1)],
      true,
      /two bodies/,
    ],
    ['ERROR without its fields', ERROR, {}, undefined, true, /code/],
  ]
  for (const [name, type, head, body, closes, wanted] of cases) {
    const s = await stage()
    const [exchange] = s.acceptor.exchanges
    const failed = exchange?.request('fetchUsage', {}).catch((error: unknown) => error)
    const request = await s.peer.next(frame => frame.type === FETCH)
    t.equal(request?.stream, 2)
    s.peer.send(type, 2, head, body)
    t.match(await failed, { message: wanted }, name)
    if (closes) await s.peer.sawClose
    else {
      await s.peer.next(frame => frame.type === CANCEL && frame.stream === 2)
      s.peer.send(FETCH_RESP, 2, { end: true, ...usageAnswer })
      s.peer.send(FETCH, 1, usage)
      t.equal(
        (await s.peer.next(frame => frame.stream === 1))?.type,
        FETCH_RESP,
        'the late answer is dropped',
      )
    }
    await s.close()
  }
})

t.test('a second answer, FETCH_RESP beyond the window, and ERROR for the connection', async t => {
  {
    const s = await stage({}, 'server', { streamWindowBytes: 10 })
    const [exchange] = s.acceptor.exchanges
    const items = exchange?.fetch('fetchUsage', {})[Symbol.asyncIterator]()
    const first = items?.next()
    await s.peer.next(frame => frame.type === FETCH)
    for (let i = 0; i < 3; i++) s.peer.send(FETCH_RESP, 2, usageAnswer)
    await first
    t.match((await s.peer.next(errorOn(0)))?.head.message, /beyond the window/)
    await s.close()
  }
  {
    const s = await stage({})
    const [exchange] = s.acceptor.exchanges
    const answer = exchange?.request('fetchBlock', fetchBlockRequest)
    await s.peer.next(frame => frame.type === FETCH)
    s.peer.send(FETCH_RESP, 2, { end: true, stream: true, time: 1, size: 0 })
    s.peer.send(FETCH_RESP, 2, { end: true, stream: true, time: 1, size: 0 })
    await answer
    t.match((await s.peer.next(errorOn(0)))?.head.message, /after the last/)
    await s.close()
  }
  {
    const s = await stage({})
    const [exchange] = s.acceptor.exchanges
    s.peer.send(ERROR, 0, { code: 13, message: 'going down', hint: 'wait', details: 'no json' })
    t.match(await exchange?.closed, {
      code: 'UNAVAILABLE',
      message: 'going down',
      hint: 'wait',
      details: undefined,
    })
    await s.close()
  }
})

t.test('bodies of answers beyond the own limit are refused one by one', async t => {
  const s = await stage({}, 'server', { openStreamsMax: 1 })
  const [exchange] = s.acceptor.exchanges
  const first = exchange?.request('fetchBlock', fetchBlockRequest)
  const second = exchange?.request('fetchBlock', fetchBlockRequest).catch((error: unknown) => error)
  await s.peer.next(frame => frame.stream === 4)
  s.peer.send(FETCH_RESP, 2, { end: true, stream: true, time: 1, size: 0 })
  s.peer.send(FETCH_RESP, 4, { end: true, stream: true, time: 1, size: 0 })
  t.match(await second, { code: 'OVERLOADED' })
  s.peer.send(DATA, 2, {}, [Buffer.alloc(5)])
  s.peer.send(END, 2, {})
  t.equal((await (await first)?.body?.bytes(10))?.length, 5)
  await s.close()
})
