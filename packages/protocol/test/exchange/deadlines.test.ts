import t from 'tap'
import { TorcError } from '../../src/errors.js'
import type { Handlers } from '../../src/exchange/exchange.js'
import { limits } from '../../src/limits.js'
import { memoryTransport } from '../../src/transport/memory.js'
import {
  blockRequest,
  environmentWith,
  failure,
  fetchBlockRequest,
  openPair,
  rangeRequest,
  usageAnswer,
} from '../support/endpoints.js'
import { settle, VirtualClock } from '../support/virtual-clock.js'

const time = 1

async function stage(agent: Handlers, announce = {}) {
  const clock = new VirtualClock()
  const pair = await openPair(memoryTransport(clock), {
    environment: environmentWith(clock),
    agent,
    agentAnnounces: announce,
  })
  return { clock, ...pair }
}

/** What a promise comes to, its error as a value, so that none goes unheard while time moves. */
function watched(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error)
}

/** How a promise stands, without waiting for it. */
async function outcome(promise: Promise<unknown>): Promise<unknown> {
  return Promise.race([watched(promise), settle(1).then(() => 'pending')])
}

t.test('a request that is not answered times out, and the handler hears of it', async t => {
  const reasons: unknown[] = []
  const s = await stage({
    fetchUsage: request =>
      new Promise(() => {
        request.signal.addEventListener('abort', () => reasons.push(request.signal.reason))
      }),
  })
  const usual = watched(s.server.request('fetchUsage', {}))
  const short = watched(s.server.request('fetchUsage', {}, { timeoutMs: 100 }))
  const odd = watched(s.server.request('fetchUsage', {}, { timeoutMs: 0.5 }))
  await settle()
  await s.clock.advance(50)
  t.match(await outcome(odd), { code: 'TIMEOUT' })
  t.equal(await outcome(short), 'pending')
  await s.clock.advance(60)
  t.match(await outcome(short), { code: 'TIMEOUT', message: /fetchUsage: no answer within 100 ms/ })
  t.equal(await outcome(usual), 'pending')
  t.equal(s.server.openRequests, 1)
  await s.clock.advance(limits.requestMs)
  t.match(await usual, { code: 'TIMEOUT', retryable: true })
  t.equal(s.server.openRequests, 0)
  t.equal(reasons.length, 3)
  await s.close()
})

t.test('the side that serves keeps the deadline too', async t => {
  let signal: AbortSignal | undefined
  const s = await stage({
    fetchUsage: async request => {
      await new Promise<void>(resolve => {
        signal = request.signal
        signal.addEventListener('abort', () => resolve())
      })
      return { head: usageAnswer }
    },
  })
  const request = watched(s.server.request('fetchUsage', {}, { timeoutMs: 1_000 }))
  await settle()
  await s.clock.advance(1_100)
  t.match(await request, { code: 'TIMEOUT' })
  t.equal(signal?.aborted, true)
  await s.close()
})

t.test('a stream may take longer than the deadline as long as it moves', async t => {
  let release: () => void = () => {}
  async function* slow(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 5; i++) {
      yield Buffer.alloc(10)
      await new Promise<void>(resolve => {
        release = resolve
      })
    }
  }
  const s = await stage({
    fetchBlock: () => ({ head: { time, size: 0 }, body: { stream: slow() } }),
    putBlock: async request => ({
      head: { time: (await request.body?.bytes(100))?.length ?? 0, had: false },
    }),
  })
  const get = (await s.server.request('fetchBlock', fetchBlockRequest, { timeoutMs: 1_000 })).body?.bytes(100)
  for (let i = 0; i < 5; i++) {
    await s.clock.advance(900)
    release()
    await settle()
  }
  t.equal((await get)?.length, 50)
  const put = s.server.request('putBlock', blockRequest(), { body: { stream: slow() }, timeoutMs: 1_000 })
  await settle()
  for (let i = 0; i < 5; i++) {
    await s.clock.advance(900)
    release()
    await settle()
  }
  t.equal((await put).head.time, 50)
  const stuck = (await s.server.request('fetchBlock', fetchBlockRequest, { timeoutMs: 1_000 })).body?.bytes(
    100,
  )
  const failed = failure(stuck ?? Promise.resolve())
  await s.clock.advance(1_100)
  t.match(await failed, { code: 'TIMEOUT' })
  release()
  await s.close()
})

t.test('requests that wait for a place have their deadline, signal and end', async t => {
  const s = await stage({ fetchUsage: () => new Promise(() => {}) }, { openRequestsMax: 1 })
  const first = failure(s.server.request('fetchUsage', {}, { timeoutMs: 10_000 }))
  const controller = new AbortController()
  const timed = failure(s.server.request('fetchUsage', {}, { timeoutMs: 500 }))
  const aborted = failure(s.server.request('fetchUsage', {}, { signal: controller.signal }))
  const fetched = failure(
    (async () => {
      for await (const _ of s.server.fetch('fetchUsage', {}, { timeoutMs: 700 })) t.fail('no item comes')
    })(),
  )
  const last = failure(s.server.request('fetchUsage', {}))
  await settle()
  t.equal(s.server.openRequests, 5)
  await s.clock.advance(600)
  t.match(await timed, { code: 'TIMEOUT', message: /no place/ })
  controller.abort()
  t.match(await aborted, { code: 'CANCELLED' })
  await s.clock.advance(200)
  t.match(await fetched, { code: 'TIMEOUT' })
  s.server.destroy(new TorcError('UNREACHABLE', 'cut'))
  t.match(await first, { message: 'cut' })
  t.match(await last, { message: 'cut' })
  await s.close()
})

t.test(
  'a loop over answers that has to wait for its place still gets its credit, and may be left',
  async t => {
    const name = 'n'.repeat(60)
    const keys = Array.from({ length: 1000 }, (_, i) => ({
      key: `${i}${name}`,
      context: Buffer.of(1),
      heads: [],
      headsCoverAll: true,
    }))
    async function* pages() {
      for (let i = 0; i < 40; i++) yield { head: { time, keys } }
    }
    let free: () => void = () => {}
    const s = await stage(
      {
        fetchRange: () => pages(),
        fetchUsage: () =>
          new Promise(resolve => {
            free = () => resolve({ head: usageAnswer })
          }),
      },
      { openRequestsMax: 1 },
    )
    const first = s.server.request('fetchUsage', {})
    const left = s.server.fetch('fetchRange', rangeRequest)[Symbol.asyncIterator]()
    const waiting = watched(left.next())
    await left.return?.()
    t.match(await outcome(waiting), { code: 'CANCELLED' })
    let count = 0
    const loop = (async () => {
      for await (const _ of s.server.fetch('fetchRange', rangeRequest)) count++
    })()
    await settle()
    free()
    await first
    await loop
    t.equal(count, 40)
    await s.close()
  },
)

t.test('too many that wait: OVERLOADED', async t => {
  const s = await stage({ fetchUsage: () => new Promise(() => {}) }, { openRequestsMax: 1 })
  const all = Array.from({ length: limits.waitingRequestsMax + 2 }, () =>
    failure(s.server.request('fetchUsage', {})),
  )
  t.match(await all.at(-1), { code: 'OVERLOADED', retryable: true })
  await s.close()
  await Promise.all(all)
})

t.test('a quiet connection is probed, and given up when no sign of life comes', async t => {
  const s = await stage({ fetchUsage: () => ({ head: usageAnswer }) })
  await s.clock.advance(limits.idlePingMs * 10)
  t.equal(s.server.open, true, 'PONG keeps it')
  t.same((await s.server.request('fetchUsage', {})).head, usageAnswer)
  await s.close()
  t.equal(s.clock.pendingTimers, 0, 'no timer is left')
})

t.test('a peer that fell silent is given up', async t => {
  const clock = new VirtualClock()
  const transport = memoryTransport(clock)
  const pausing = {
    ...transport,
    connect: async (...args: Parameters<typeof transport.connect>) => {
      connection = await transport.connect(...args)
      return connection
    },
  }
  let connection: Awaited<ReturnType<typeof transport.connect>> | undefined
  const pair = await openPair(pausing, { environment: environmentWith(clock) })
  connection?.pause()
  await clock.advance(limits.idlePingMs + limits.pongMs + 10)
  t.match(await pair.server.closed, { code: 'UNREACHABLE', message: /sign of life/ })
  await pair.close()
})

t.test('close waits for what is open, but not for ever', async t => {
  const s = await stage({ fetchUsage: () => new Promise(() => {}) })
  const open = failure(s.server.request('fetchUsage', {}))
  const closing = s.server.close(2_000)
  await s.clock.advance(1_900)
  t.equal(await outcome(closing), 'pending')
  await s.clock.advance(200)
  await closing
  t.match(await open, { code: 'UNREACHABLE' })
  await s.server.close()
  await s.close()
})
