import type t from 'tap'
import { TorcError } from '../../src/errors.js'
import type { LateFields } from '../../src/exchange/exchange.js'
import { limits } from '../../src/limits.js'
import type { Transport } from '../../src/transport/transport.js'
import {
  blockRequest,
  failure,
  fetchBlockRequest,
  gate,
  openPair,
  rangeRequest,
  usageAnswer,
} from '../support/endpoints.js'

type Test = typeof t

async function* chunks(
  count: number,
  size: number,
  onChunk: (i: number) => void = () => {},
): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) {
    onChunk(i)
    yield Buffer.alloc(size, i)
  }
}

async function sizeOf(body: AsyncIterable<Uint8Array> | undefined): Promise<number> {
  let size = 0
  for await (const piece of body ?? []) size += piece.length
  return size
}

const time = 2 ** 50

/** What an exchange must do over any transport, in real time. */
export function exchangeConformance(t: Test, name: string, make: () => Transport): void {
  t.test(`${name}: requests and answers in both directions, wide integers included`, async t => {
    const pair = await openPair(make(), {
      agent: { fetchUsage: () => ({ head: usageAnswer }) },
      server: { gossip: async request => ({ head: { members: [], epoch: request.head.epoch + 1 } }) },
    })
    t.same((await pair.server.request('fetchUsage', {})).head, usageAnswer)
    t.same((await pair.agent.request('gossip', { members: [], epoch: 2 ** 40 })).head, {
      members: [],
      epoch: 2 ** 40 + 1,
    })
    t.equal(pair.server.peer.id, 'agent-00000001')
    t.equal(pair.agent.peer.role, 'server')
    t.equal(pair.server.openRequests, 0)
    await pair.close()
  })

  t.test(`${name}: many requests share the connection, answers come as they are ready`, async t => {
    const waiting = gate()
    const order: number[] = []
    const pair = await openPair(make(), {
      agent: {
        putBlock: async request => {
          if (request.head.size === 1) await waiting.promise
          return { head: { time: request.head.size, had: false } }
        },
      },
    })
    const requests = Array.from({ length: 500 }, (_, i) =>
      pair.server
        .request('putBlock', blockRequest(i + 1), { body: Buffer.alloc(10) })
        .then(answer => order.push(answer.head.time)),
    )
    await Promise.all(requests.slice(1))
    waiting.open()
    await requests[0]
    t.equal(order.length, 500)
    t.equal(order.at(-1), 1)
    await pair.close()
  })

  t.test(`${name}: bodies of every size, inline or streamed, whole in both directions`, async t => {
    const pair = await openPair(make(), {
      agent: {
        putBlock: async request => {
          const body = await request.body?.bytes(8 * 1024 * 1024)
          return { head: { time: body?.length ?? -1, had: request.body?.inline !== undefined } }
        },
        fetchBlock: request => ({ head: { time, size: 0 }, body: Buffer.alloc(request.head.epoch, 3) }),
      },
    })
    for (const size of [0, 1, 1000, 4096, 4097, 65_536, 65_537, 500_000, 3_000_000]) {
      const sent = await pair.server.request('putBlock', blockRequest(), { body: Buffer.alloc(size) })
      t.same(sent.head, { time: size, had: size <= limits.inlineBodyBytesMax }, `sent ${size}`)
      const got = await pair.server.request('fetchBlock', { ...fetchBlockRequest, epoch: size })
      const body = await got.body?.bytes(8 * 1024 * 1024)
      t.same(body, Buffer.alloc(size, 3), `got ${size}`)
      t.equal(got.body?.inline !== undefined, size <= limits.inlineBodyBytesMax)
    }
    const pieces = await pair.server.request('putBlock', blockRequest(), {
      body: [Buffer.alloc(70_000), Buffer.alloc(0), Buffer.alloc(9)],
    })
    t.equal(pieces.head.time, 70_009)
    t.equal(pair.server.openRequests, 0)
    await pair.close()
  })

  t.test(`${name}: streams with the digest at their end`, async t => {
    const digest = Buffer.alloc(32, 8)
    const late: LateFields = { etag: 'as learned', metadata: [['a', 'b']] }
    let received: Uint8Array | undefined
    let learned: LateFields | undefined
    const pair = await openPair(make(), {
      agent: {
        putBlock: async request => {
          const size = await sizeOf(request.body)
          received = request.body?.sha256
          learned = request.body?.late
          return { head: { time: size, had: false } }
        },
        fetchBlock: () => ({
          head: { time, size: 0 },
          body: { stream: chunks(40, 50_000), sha256: () => digest },
        }),
      },
    })
    const sent = await pair.server.request('putBlock', blockRequest(), {
      body: { stream: chunks(60, 50_000), sha256: () => digest, late: () => late },
    })
    t.equal(sent.head.time, 3_000_000)
    t.same(received, digest)
    t.strictSame(learned, late)
    const failing = (): LateFields => {
      throw new TorcError('CHECKSUM', 'not what was announced')
    }
    await t.rejects(
      pair.server.request('putBlock', blockRequest(), {
        body: { stream: chunks(2, 50_000), late: failing },
      }),
      { code: 'CHECKSUM' },
    )
    const got = await pair.server.request('fetchBlock', fetchBlockRequest)
    t.equal(await sizeOf(got.body), 2_000_000)
    t.same(got.body?.sha256, digest)
    await pair.close()
  })

  t.test(`${name}: a body passes through while it arrives`, async t => {
    const pair = await openPair(make(), {
      agent: { fetchBlock: () => ({ head: { time, size: 0 }, body: { stream: chunks(100, 60_000) } }) },
    })
    const relay = await openPair(make(), {
      agent: {
        fetchBlock: async () => {
          const answer = await pair.server.request('fetchBlock', fetchBlockRequest)
          return { head: answer.head, body: answer.body === undefined ? undefined : { stream: answer.body } }
        },
      },
    })
    const got = await relay.server.request('fetchBlock', fetchBlockRequest)
    t.equal(await sizeOf(got.body), 6_000_000)
    await relay.close()
    await pair.close()
  })

  t.test(`${name}: a reader that is slow holds back its producer and nobody else`, async t => {
    let produced = 0
    const pair = await openPair(make(), {
      agent: {
        fetchBlock: () => ({
          head: { time, size: 0 },
          body: { stream: chunks(2_000, 10_000, i => (produced = i)) },
        }),
        fetchUsage: () => ({ head: usageAnswer }),
      },
    })
    const slow = await pair.server.request('fetchBlock', fetchBlockRequest)
    const fast = await pair.server.request('fetchBlock', fetchBlockRequest)
    t.equal(await sizeOf(fast.body), 20_000_000, 'a second stream passes')
    produced = 0
    await pair.server.request('fetchUsage', {})
    t.equal(produced, 0, 'the first one stands still at its window')
    t.equal(await sizeOf(slow.body), 20_000_000, 'and goes on when it is read')
    await pair.close()
  })

  t.test(`${name}: errors keep code, message, hint and details`, async t => {
    const pair = await openPair(make(), {
      agent: {
        putBlock: () => {
          throw new TorcError('DISK_FULL', 'no space on /data', {
            hint: 'make room',
            details: { freeBytes: 7 },
          })
        },
        fetchUsage: async () => {
          throw new Error('boom')
        },
      },
    })
    const full = await failure(pair.server.request('putBlock', blockRequest(), { body: Buffer.alloc(1) }))
    t.match(full, {
      code: 'DISK_FULL',
      message: 'no space on /data',
      hint: 'make room',
      details: { freeBytes: 7 },
      retryable: true,
    })
    t.match(await failure(pair.server.request('fetchUsage', {})), { code: 'INTERNAL', message: 'boom' })
    await pair.close()
  })

  t.test(`${name}: an error while a body is under way, at either end`, async t => {
    let seen: unknown
    const over = gate()
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(100_000)
      throw new TorcError('CORRUPT', 'block 2 is damaged')
    }
    const pair = await openPair(make(), {
      agent: {
        fetchBlock: () => ({ head: { time, size: 0 }, body: { stream: broken() } }),
        putBlock: async request => {
          try {
            await sizeOf(request.body)
          } catch (error) {
            seen = error
          }
          over.open()
          return { head: { time, had: false } }
        },
      },
    })
    const answer = await pair.server.request('fetchBlock', fetchBlockRequest)
    t.match(await failure(sizeOf(answer.body)), { code: 'CORRUPT', message: 'block 2 is damaged' })
    t.match(await failure(pair.server.request('putBlock', blockRequest(), { body: { stream: broken() } })), {
      code: 'CORRUPT',
    })
    await over.promise
    t.match(seen, { code: 'CANCELLED' })
    await pair.close()
  })

  t.test(`${name}: an early answer stops the sender of a body`, async t => {
    let closed = false
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(30_000)
      } finally {
        closed = true
      }
    }
    const pair = await openPair(make(), {
      agent: {
        putBlock: () => {
          throw new TorcError('TOO_LARGE', 'enough')
        },
        fetchUsage: () => ({ head: usageAnswer }),
      },
    })
    t.match(await failure(pair.server.request('putBlock', blockRequest(), { body: { stream: endless() } })), {
      code: 'TOO_LARGE',
    })
    await pair.server.request('fetchUsage', {})
    t.equal(closed, true)
    t.equal(pair.server.openRequests, 0)
    await pair.close()
  })

  t.test(`${name}: a reader that leaves its loop stops the sender`, async t => {
    const stopped = gate()
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(30_000)
      } finally {
        stopped.open()
      }
    }
    const pair = await openPair(make(), {
      agent: { fetchBlock: () => ({ head: { time, size: 0 }, body: { stream: endless() } }) },
    })
    const answer = await pair.server.request('fetchBlock', fetchBlockRequest)
    for await (const _ of answer.body ?? []) break
    await stopped.promise
    t.equal(pair.server.openRequests, 0)
    const second = await pair.server.request('fetchBlock', fetchBlockRequest)
    second.body?.discard()
    t.equal(await sizeOf(second.body), 0)
    await pair.close()
  })

  t.test(`${name}: FETCH gives its items in order, under back-pressure`, async t => {
    let made = 0
    const name = 'n'.repeat(60)
    const keys = Array.from({ length: 500 }, (_, i) => ({
      key: `${i}${name}`,
      context: Buffer.of(1),
      heads: [],
      headsCoverAll: true,
    }))
    async function* pages() {
      for (made = 0; made < 200; made++) yield { head: { time, keys, exhausted: made === 199 } }
    }
    const pair = await openPair(make(), {
      agent: { fetchRange: () => pages(), fetchUsage: () => ({ head: usageAnswer }) },
    })
    let count = 0
    for await (const page of pair.server.fetch('fetchRange', rangeRequest)) {
      if (count++ === 0) {
        for (let i = 0; i < 20; i++) await pair.server.request('fetchUsage', {})
        t.ok(made < 60, `the window holds the agent back (${made} of 200 pages)`)
      }
      t.equal(page.head.exhausted, count === 200)
    }
    t.equal(count, 200)
    t.equal(pair.server.openRequests, 0)
    await pair.close()
  })

  t.test(`${name}: FETCH of one item, left early, refused, and empty`, async t => {
    let cancelled = false
    async function* endless() {
      try {
        for (;;) yield { head: { time, keys: [] } }
      } finally {
        cancelled = true
      }
    }
    const empty = { head: { time, keys: [], exhausted: true } }
    let mode = 'one'
    const pair = await openPair(make(), {
      agent: {
        fetchRange: () => {
          if (mode === 'endless') return endless()
          if (mode === 'refuse') throw new TorcError('NOT_OWNER', 'not mine')
          return mode === 'none' ? (async function* () {})() : empty
        },
        fetchUsage: () => ({ head: usageAnswer }),
      },
    })
    const all = async () => {
      const got: unknown[] = []
      for await (const page of pair.server.fetch('fetchRange', rangeRequest)) got.push(page.head)
      return got
    }
    t.same(await all(), [empty.head])
    mode = 'refuse'
    t.match(await failure(all()), { code: 'NOT_OWNER' })
    mode = 'none'
    t.match(await failure(all()), { code: 'INTERNAL' })
    mode = 'endless'
    for await (const _ of pair.server.fetch('fetchRange', rangeRequest)) break
    t.match(await failure(pair.server.request('fetchRange', rangeRequest)), {
      code: 'PROTOCOL',
      message: /use fetch/,
    })
    await pair.server.request('fetchUsage', {})
    t.equal(cancelled, true)
    t.equal(pair.server.openRequests, 0)
    await pair.close()
  })

  t.test(`${name}: a signal cancels, and the handler hears of it`, async t => {
    const heard = gate<unknown>()
    const started = gate()
    const pair = await openPair(make(), {
      agent: {
        fetchUsage: request =>
          new Promise((_, reject) => {
            started.open()
            request.signal.addEventListener('abort', () => {
              heard.open(request.signal.reason)
              reject(request.signal.reason)
            })
          }),
      },
    })
    const controller = new AbortController()
    const request = pair.server.request('fetchUsage', {}, { signal: controller.signal })
    await started.promise
    controller.abort()
    t.match(await failure(request), { code: 'CANCELLED' })
    t.match(await heard.promise, { code: 'CANCELLED' })
    t.match(await failure(pair.server.request('fetchUsage', {}, { signal: controller.signal })), {
      code: 'CANCELLED',
    })
    t.equal(pair.server.openRequests, 0)
    await pair.close()
  })

  t.test(`${name}: requests beyond the peer's limit wait for a place`, async t => {
    let running = 0
    let most = 0
    const pair = await openPair(make(), {
      agentAnnounces: { openRequestsMax: 5 },
      agent: {
        fetchUsage: async () => {
          most = Math.max(most, ++running)
          await new Promise(resolve => setImmediate(resolve))
          running--
          return { head: usageAnswer }
        },
      },
    })
    await Promise.all(Array.from({ length: 100 }, () => pair.server.request('fetchUsage', {})))
    t.equal(most, 5)
    await pair.close()
  })

  t.test(
    `${name}: bodies beyond the peer's limit of streams wait for a place, in both directions`,
    async t => {
      let running = 0
      let most = 0
      const announce = { openStreamsMax: 3, streamWindowBytes: 100_000 }
      const pair = await openPair(make(), {
        agentAnnounces: announce,
        serverAnnounces: announce,
        agent: {
          putBlock: async request => {
            most = Math.max(most, ++running)
            const size = await sizeOf(request.body)
            running--
            return { head: { time: size, had: false } }
          },
          fetchBlock: () => ({ head: { time, size: 0 }, body: { stream: chunks(10, 30_000) } }),
        },
      })
      const puts = await Promise.all(
        Array.from({ length: 20 }, () =>
          pair.server.request('putBlock', blockRequest(), { body: { stream: chunks(10, 30_000) } }),
        ),
      )
      t.ok(puts.every(answer => answer.head.time === 300_000))
      t.ok(most <= 3, `${most} at once`)
      const gets = Array.from({ length: 20 }, async () =>
        sizeOf((await pair.server.request('fetchBlock', fetchBlockRequest)).body),
      )
      t.ok((await Promise.all(gets)).every(size => size === 300_000))
      t.equal(pair.server.openRequests, 0)
      await pair.close()
    },
  )

  t.test(`${name}: close lets what is open end, and refuses what is new`, async t => {
    const waiting = gate()
    const pair = await openPair(make(), {
      agent: {
        fetchUsage: async () => {
          await waiting.promise
          return { head: usageAnswer }
        },
      },
      server: { gossip: () => ({ head: { members: [], epoch: 0 } }) },
    })
    const open = pair.server.request('fetchUsage', {})
    const closing = pair.server.close(5_000)
    t.equal(pair.server.open, false)
    t.match(await failure(pair.server.request('fetchUsage', {})), { code: 'UNREACHABLE' })
    t.match(await failure(pair.agent.request('gossip', { members: [], epoch: 0 })), { code: 'UNAVAILABLE' })
    waiting.open()
    t.same((await open).head, usageAnswer)
    await closing
    t.match(await pair.agent.closed, { code: 'UNREACHABLE' })
    await pair.close()
  })

  t.test(`${name}: open requests fail when the connection is lost`, async t => {
    const aborted = gate<unknown>()
    const started = gate()
    const pair = await openPair(make(), {
      agent: {
        fetchUsage: request =>
          new Promise(() => {
            request.signal.addEventListener('abort', () => aborted.open(request.signal.reason))
            started.open()
          }),
      },
    })
    const request = pair.server.request('fetchUsage', {})
    const items = pair.server.fetch('fetchUsage', {})
    const item = (async () => {
      for await (const _ of items) t.fail('no item comes')
    })()
    await started.promise
    pair.server.destroy()
    t.match(await failure(request), { code: 'UNREACHABLE', retryable: true })
    t.match(await failure(item), { code: 'UNREACHABLE' })
    t.match(await aborted.promise, { code: 'UNREACHABLE' })
    t.match(await failure(pair.server.request('fetchUsage', {})), { code: 'UNREACHABLE' })
    t.match(
      await failure(
        (async () => {
          for await (const _ of pair.server.fetch('fetchUsage', {})) t.fail('closed')
        })(),
      ),
      { code: 'UNREACHABLE' },
    )
    await pair.close()
  })
}
