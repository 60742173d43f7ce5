import t from 'tap'
import { systemClock, systemEnvironment } from '../../src/environment/system.js'
import { TorcError } from '../../src/errors.js'
import { acceptExchanges } from '../../src/exchange/endpoint.js'
import type { Exchange, Handlers } from '../../src/exchange/exchange.js'
import { limits } from '../../src/limits.js'
import type { AnnouncedLimits } from '../../src/messages/control.js'
import { frameType } from '../../src/messages/frame-types.js'
import { memoryTransport } from '../../src/transport/memory.js'
import {
  blockRequest,
  clusterSecret,
  failure,
  fetchBlockRequest,
  gate,
  nodeIdentity,
  openPair,
  rangeRequest,
  usageAnswer,
} from '../support/endpoints.js'
import { RawPeer } from '../support/raw-peer.js'

const time = 1

/** Every combination of the least and the greatest that each limit may be. */
function* combinations(): Generator<AnnouncedLimits> {
  for (const frameBytesMax of [limits.frameBytesMaxMin, limits.frameBytesMax])
    for (const inlineBodyBytesMax of [0, limits.inlineBodyBytesMax])
      for (const dataBytesMax of [limits.dataBytesMaxMin, limits.dataBytesMax])
        for (const streamWindowBytes of [1, limits.streamWindowBytesMax])
          for (const openRequestsMax of [1, limits.openRequestsMax])
            for (const openStreamsMax of [1, limits.openStreamsMax])
              yield {
                frameBytesMax,
                inlineBodyBytesMax,
                dataBytesMax,
                streamWindowBytes,
                openRequestsMax,
                openStreamsMax,
              }
}

async function* inPieces(size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size; at += 100_000) yield Buffer.alloc(Math.min(100_000, size - at), at)
}

/** A page of a listing of about `bytes`. */
const page = (bytes: number) => ({
  time,
  keys: [{ key: 'k', context: Buffer.alloc(bytes), heads: [], headsCoverAll: true }],
})

const pageBytes = 30_000
const largePageBytes = 200_000

const handlers: Handlers = {
  fetchBlock: ({ head: { epoch: size } }) => ({
    head: { time, size: 0 },
    body: size % 2 === 0 ? Buffer.alloc(size) : { stream: inPieces(size) },
  }),
  putBlock: async ({ body }) => ({
    head: { time: (await body?.bytes(10_000_000))?.length ?? 0, had: false },
  }),
  async *fetchRange({ head: { limit } }) {
    for (let i = 0; i < 5; i++) yield { head: page(pageBytes) }
    yield { head: page(limit === 1 ? pageBytes : largePageBytes) }
  },
  fetchUsage: () => {
    throw new TorcError('CORRUPT', 'ü'.repeat(100_000), {
      hint: '😀'.repeat(100_000),
      details: { x: 'é'.repeat(4_000) },
    })
  },
}

async function download(exchange: Exchange, size: number): Promise<boolean> {
  const { body } = await exchange.request('fetchBlock', { ...fetchBlockRequest, epoch: size })
  return (await body?.bytes(size))?.length === size
}

async function upload(exchange: Exchange, size: number): Promise<boolean> {
  const body = size % 2 === 0 ? Buffer.alloc(size) : { stream: inPieces(size) }
  return (await exchange.request('putBlock', blockRequest(), { body })).head.time === size
}

async function pages(exchange: Exchange, limit: number): Promise<number> {
  let count = 0
  for await (const { head } of exchange.fetch('fetchRange', { ...rangeRequest, limit }))
    count += head.keys.length
  return count
}

t.test('whatever a peer may announce, it gets what fits, and no process hangs or dies', async t => {
  for (const announced of combinations()) {
    for (const side of ['requester', 'server'] as const) {
      const pair = await openPair(memoryTransport(systemClock), {
        agent: handlers,
        ...(side === 'requester' ? { serverAnnounces: announced } : { agentAnnounces: announced }),
      })
      const { server } = pair
      // One byte goes at a time through the smallest window.
      const sizes = announced.streamWindowBytes === 1 ? [0, 1, 1_500] : [0, 1, 65_536, 300_001]
      const whole = sizes.flatMap(size => [download(server, size), upload(server, size)])
      const small = pages(server, 1)
      const tooLarge = side === 'requester' && announced.frameBytesMax < largePageBytes
      const large = tooLarge ? failure(pages(server, 2)) : pages(server, 2)
      const refused = failure(server.request('fetchUsage', {}))
      const name = `${side} ${JSON.stringify(announced)}`
      t.ok(
        (await Promise.all(whole)).every(same => same),
        `bodies, ${name}`,
      )
      t.equal(await small, 6, `pages, ${name}`)
      t.match(
        await large,
        tooLarge ? { code: 'TOO_LARGE', hint: /Ask for less/ } : 6,
        `a large page, ${name}`,
      )
      t.match(await refused, { code: 'CORRUPT' }, `an error with long texts, ${name}`)
      t.ok(server.open && server.openRequests === 0, `the connection lives on, ${name}`)
      await pair.close()
    }
  }
})

t.test('an answer that waits for a place among the streams and is cancelled holds up nobody', async t => {
  const first = gate()
  const waiting = gate()
  let served = 0
  async function* held(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(10)
    await first.promise
  }
  const pair = await openPair(memoryTransport(systemClock), {
    serverAnnounces: { openStreamsMax: 1 },
    agent: {
      fetchUsage: () => ({ head: usageAnswer }),
      fetchBlock: () => {
        if (++served === 3) waiting.open()
        return { head: { time, size: 0 }, body: { stream: served === 1 ? held() : inPieces(10) } }
      },
    },
  })
  const bytes = async (signal?: AbortSignal) =>
    (await (await pair.server.request('fetchBlock', fetchBlockRequest, signal && { signal })).body?.bytes(10))
      ?.length
  const abandoned = new AbortController()
  const one = bytes()
  const two = failure(bytes(abandoned.signal))
  const three = bytes()
  await waiting.promise
  abandoned.abort()
  t.match(await two, { code: 'CANCELLED' })
  // Frames keep their order: once this is answered, the CANCEL has been seen.
  await pair.server.request('fetchUsage', {})
  first.open()
  t.equal(await one, 10)
  t.equal(await three, 10)
  await pair.close()
})

t.test('the last frame of a FETCH is free: no CREDIT is sent for it', async t => {
  const transport = memoryTransport(systemClock)
  const acceptor = await acceptExchanges(
    transport,
    { host: '127.0.0.1', port: 0 },
    {
      identity: nodeIdentity('agent', 'agent'),
      credentials: { secretOf: () => clusterSecret },
      handlers: {},
      environment: systemEnvironment,
      allowedRoles: ['server'],
      announce: { streamWindowBytes: 10 },
    },
  )
  const peer = await RawPeer.connect(transport, acceptor.address, nodeIdentity('server', 'raw'))
  const [exchange] = acceptor.exchanges
  const items = exchange?.fetch('fetchBlock', fetchBlockRequest)[Symbol.asyncIterator]()
  const first = items?.next()
  await peer.next(frame => frame.type === frameType.FETCH)
  const answer = { time, size: 0 }
  // Array, type and stream take a byte each, the map 13.
  const length = 16
  peer.send(frameType.FETCH_RESP, 2, answer)
  peer.send(frameType.FETCH_RESP, 2, { ...answer, end: true, stream: true })
  await first
  await items?.next()
  peer.send(frameType.PING, 0, {})
  await peer.next(frame => frame.type === frameType.PONG)
  const credits = peer.frames.filter(frame => frame.type === frameType.CREDIT)
  t.same(
    credits.map(frame => frame.head.bytes),
    [length],
  )
  peer.connection.destroy()
  await peer.sawClose
  await acceptor.close(0)
})
