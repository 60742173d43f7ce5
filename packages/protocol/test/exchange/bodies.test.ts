import t from 'tap'
import { systemClock } from '../../src/environment/system.js'
import { TorcError } from '../../src/errors.js'
import { InlineBody } from '../../src/exchange/incoming-body.js'
import { limits } from '../../src/limits.js'
import { memoryTransport } from '../../src/transport/memory.js'
import type { Connection, Transport } from '../../src/transport/transport.js'
import {
  blockRequest,
  failure,
  fetchBlockRequest,
  gate,
  openPair,
  rangeRequest,
  usageAnswer,
} from '../support/endpoints.js'

const time = 1

async function* repeat(count: number, size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) yield Buffer.alloc(size, i)
}

t.test('a body in its frame can be read in every way', async t => {
  const body = new InlineBody([Buffer.from('ab'), Buffer.from('c')])
  t.equal(Buffer.from(await body.bytes(3)).toString(), 'abc')
  t.match(await failure(body.bytes(2)), { code: 'TOO_LARGE' })
  let text = ''
  for await (const piece of body) text += Buffer.from(piece).toString()
  t.equal(text, 'abc')
  body.discard()
  const only = Buffer.from('x')
  t.equal(await new InlineBody([only]).bytes(1), only, 'one view is not copied')
})

t.test('a body that is larger than its reader takes', async t => {
  const pair = await openPair(memoryTransport(systemClock), {
    agent: {
      putBlock: async request => ({
        head: { time: (await request.body?.bytes(100))?.length ?? 0, had: false },
      }),
    },
  })
  for (const body of [Buffer.alloc(101), { stream: repeat(100, 50_000) }]) {
    t.match(await failure(pair.server.request('putBlock', blockRequest(), { body })), { code: 'TOO_LARGE' })
  }
  t.equal(pair.server.openRequests, 0)
  await pair.close()
})

t.test('a body is read once, piece by piece', async t => {
  const more = gate()
  async function* slow(): AsyncGenerator<Uint8Array> {
    await more.promise
    yield* repeat(3, 10)
  }
  const pair = await openPair(memoryTransport(systemClock), {
    agent: { fetchBlock: () => ({ head: { time, size: 0 }, body: { stream: slow() } }) },
  })
  const { body } = await pair.server.request('fetchBlock', fetchBlockRequest)
  const iterator = body?.[Symbol.asyncIterator]()
  const first = iterator?.next()
  t.match(await failure(iterator?.next() ?? Promise.resolve()), { code: 'INTERNAL', message: /one before/ })
  more.open()
  t.equal((await first)?.value?.length, 10)
  t.throws(() => body?.[Symbol.asyncIterator](), /only once/)
  await iterator?.return?.()
  t.equal((await iterator?.next())?.done, true)
  await pair.close()
})

t.test('items of a FETCH are read one by one', async t => {
  const pair = await openPair(memoryTransport(systemClock), {
    agent: { fetchUsage: () => ({ head: usageAnswer }) },
  })
  const iterator = pair.server.fetch('fetchUsage', {})[Symbol.asyncIterator]()
  const first = iterator.next()
  t.match(await failure(iterator.next()), { code: 'INTERNAL' })
  t.equal((await first).done, false)
  t.equal((await iterator.next()).done, true)
  await pair.close()
})

t.test('sources that throw at once, when they are asked, or when their digest is', async t => {
  const boom = (): never => {
    throw new TorcError('CORRUPT', 'boom')
  }
  const sources = [
    { stream: { [Symbol.asyncIterator]: boom } },
    { stream: { [Symbol.asyncIterator]: () => ({ next: boom }) } },
    { stream: repeat(1, 1), sha256: boom },
  ]
  let use = 0
  const pair = await openPair(memoryTransport(systemClock), {
    agent: {
      putBlock: async request => ({
        head: { time: (await request.body?.bytes(100))?.length ?? 0, had: false },
      }),
      fetchBlock: () => ({ head: { time, size: 0 }, body: sources[use] }),
    },
  })
  for (const body of sources) {
    t.match(await failure(pair.server.request('putBlock', blockRequest(), { body })), { code: 'CORRUPT' })
  }
  sources[2] = { stream: repeat(1, 1), sha256: boom }
  for (use = 0; use < sources.length; use++) {
    const answer = pair.server.request('fetchBlock', fetchBlockRequest)
    t.match(await failure(answer.then(({ body }) => body?.bytes(100))), { code: 'CORRUPT' })
  }
  t.equal(pair.server.openRequests, 0)
  await pair.close()
})

t.test('a source is released whenever its body is not sent', async t => {
  let released = 0
  const source = () => ({
    stream: {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return: async () => {
          released++
          throw new Error('this concerns nobody')
        },
      }),
    },
  })
  const hold = gate()
  const pair = await openPair(memoryTransport(systemClock), {
    agentAnnounces: { openStreamsMax: 1 },
    serverAnnounces: { openStreamsMax: 1 },
    agent: {
      putBlock: () => new Promise(() => {}),
      fetchUsage: () => ({ head: usageAnswer, body: source() }),
      fetchBlock: async () => {
        await hold.promise
        return { head: { time, size: 0 }, body: source() }
      },
      fetchRange: async function* () {
        yield { head: { time, keys: [] }, body: source() }
        yield { head: { time, keys: [] } }
      },
    },
  })
  t.match(await failure(pair.server.request('fetchUsage', {})), { code: 'INTERNAL', message: /no body/ })
  t.match(await failure(pair.server.request('fetchRange', rangeRequest)), {
    code: 'INTERNAL',
    message: /no body|only the last/,
  })
  t.equal(released, 2)
  // One stream under way, one that waits for its place, one refused because its signal was set.
  const first = failure(pair.server.request('putBlock', blockRequest(), { body: source() }))
  const second = failure(pair.server.request('putBlock', blockRequest(), { body: source() }))
  const third = failure(
    pair.server.request('putBlock', blockRequest(), { body: source(), signal: AbortSignal.abort() }),
  )
  t.match(await third, { code: 'CANCELLED' })
  t.match(await failure(pair.server.request('fetchBlock', { ...fetchBlockRequest, epoch: 0.5 })), {
    code: 'INTERNAL',
  })
  // Two answers with streams: the second waits for the first; both are released at the end, by an error.
  const answers = [1, 2].map(() => pair.server.request('fetchBlock', fetchBlockRequest).catch(() => {}))
  hold.open()
  await answers[0]
  await pair.close()
  await Promise.all([first, second, ...answers])
  await new Promise(resolve => setImmediate(resolve))
  t.equal(released, 7)
})

t.test('an answer that is too large for the peer, or that can not be written', async t => {
  const pair = await openPair(memoryTransport(systemClock), {
    serverAnnounces: { frameBytesMax: limits.frameBytesMaxMin, inlineBodyBytesMax: 100 },
    agent: {
      fetchRange: () => ({
        head: { time, keys: [{ key: 'k', context: Buffer.alloc(70_000), heads: [], headsCoverAll: true }] },
      }),
      fetchUsage: () => ({ head: { ...usageAnswer, keys: 0.5 } }),
      fetchBlock: () => ({ head: { time, size: 0 }, body: Buffer.alloc(101) }),
    },
  })
  t.match(await failure(pair.server.request('fetchRange', rangeRequest)), {
    code: 'TOO_LARGE',
    hint: /Ask for less/,
  })
  t.match(await failure(pair.server.request('fetchUsage', {})), { code: 'INTERNAL', message: /0.5/ })
  const { body } = await pair.server.request('fetchBlock', fetchBlockRequest)
  t.equal(body?.inline, undefined, 'what the peer does not take in a frame goes as a stream')
  t.equal((await body?.bytes(200))?.length, 101)
  t.match(await failure(pair.agent.request('gossip', { members: [], epoch: 0 })), { code: 'UNSUPPORTED' })
  await pair.close()
})

t.test('a peer whose limits contradict each other gets what fits its frames', async t => {
  const pair = await openPair(memoryTransport(systemClock), {
    serverAnnounces: { frameBytesMax: limits.frameBytesMaxMin },
    agent: {
      fetchBlock: request => ({ head: { time, size: 0 }, body: Buffer.alloc(request.head.epoch) }),
      fetchUsage: () => {
        throw new TorcError('CORRUPT', 'ü'.repeat(100_000), {
          hint: '😀'.repeat(100_000),
          details: { x: 'é'.repeat(4_000) },
        })
      },
    },
  })
  for (const size of [40_000, 65_536, 1_000_000]) {
    const { body } = await pair.server.request('fetchBlock', { ...fetchBlockRequest, epoch: size })
    t.equal((await body?.bytes(size))?.length, size)
  }
  t.match(await failure(pair.server.request('fetchUsage', {})), { code: 'CORRUPT' })
  await pair.close()
})

t.test('a handler that returns nothing, and a loop left before its last item was read', async t => {
  const stopped = gate()
  const pair = await openPair(memoryTransport(systemClock), {
    agent: {
      fetchUsage: (() => undefined) as unknown as () => never,
      gossip: (async () => undefined) as unknown as () => never,
      fetchBlock: async function* () {
        yield { head: { time, size: 0 } }
        yield {
          head: { time, size: 1 },
          body: {
            stream: {
              [Symbol.asyncIterator]: () => ({
                next: () => new Promise<never>(() => {}),
                return: async () => {
                  stopped.open()
                  return { done: true as const, value: undefined }
                },
              }),
            },
          },
        }
      },
    },
  })
  t.match(await failure(pair.server.request('fetchUsage', {})), { code: 'INTERNAL' })
  t.match(await failure(pair.server.request('gossip', { members: [], epoch: 0 })), { code: 'INTERNAL' })
  const items = pair.server.fetch('fetchBlock', fetchBlockRequest)[Symbol.asyncIterator]()
  await items.next()
  await new Promise(resolve => setImmediate(resolve))
  await new Promise(resolve => setImmediate(resolve))
  await items.return?.()
  await stopped.promise
  t.equal(pair.server.openRequests, 0)
  await pair.close()
})

t.test('background frames let interactive ones pass while the connection is full', async t => {
  const order: string[] = []
  const transport = memoryTransport(systemClock)
  let far: Connection | undefined
  const watched: Transport = {
    ...transport,
    listen: (address, onConnection) =>
      transport.listen(address, connection => {
        far = connection
        onConnection(connection)
      }),
  }
  const pair = await openPair(watched, {
    server: { gossip: () => ({ head: { members: [], epoch: 1 } }) },
    agent: {
      gossip: request => {
        order.push('background')
        return { head: { members: request.head.members, epoch: 1 } }
      },
      fetchUsage: () => {
        order.push('interactive')
        return { head: usageAnswer }
      },
    },
  })
  const member = {
    id: 'x',
    name: 'x'.repeat(40),
    role: 'agent',
    address: 'a'.repeat(290),
    zone: '',
    capacity: 0,
    incarnation: 0,
    state: 'alive',
  } as const
  const members = Array.from({ length: limits.membersMax }, () => member)
  const all: Promise<unknown>[] = []
  far?.pause()
  for (let i = 0; i < 8; i++) all.push(pair.server.request('gossip', { members, epoch: 0 }))
  // The first batch fills the transport; what comes after it waits, and the interactive request overtakes.
  await new Promise(resolve => setImmediate(resolve))
  for (let i = 0; i < 8; i++) all.push(pair.server.request('gossip', { members, epoch: 0 }))
  all.push(pair.server.request('fetchUsage', {}))
  await new Promise(resolve => setImmediate(resolve))
  far?.resume()
  await Promise.all(all)
  t.ok(order.indexOf('interactive') < 6, order.join(' '))
  t.equal(order.length, 17)
  await pair.close()
})
