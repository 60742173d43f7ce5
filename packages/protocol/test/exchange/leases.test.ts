import t from 'tap'
import { systemClock } from '../../src/environment/system.js'
import type { OutgoingBody } from '../../src/exchange/exchange.js'
import { leasesOf } from '../../src/exchange/leases-of.js'
import { BufferPool } from '../../src/frames/buffer-pool.js'
import type { Lease } from '../../src/frames/lease.js'
import { memoryTransport } from '../../src/transport/memory.js'
import { tcpTransport } from '../../src/transport/tcp.js'
import type { Transport } from '../../src/transport/transport.js'
import { blockRequest, failure, fetchBlockRequest, gate, openPair, type Pair } from '../support/endpoints.js'

const mebibyte = 1024 * 1024
const transports: readonly [name: string, make: () => Transport][] = [
  ['memory', () => memoryTransport(systemClock)],
  ['tcp', () => tcpTransport()],
]

/** Every piece is told from the others, so that a buffer that is used too early shows. */
function content(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32BE(at, at)
  return bytes
}

/** What is sent next makes the sender notice that all before has left. */
async function untilReleased(pair: Pair, released: { readonly count: number }, count: number): Promise<void> {
  while (released.count < count) await failure(pair.server.request('fetchUsage', {}))
}

function counted(bytes: Uint8Array, released: { count: number }): Lease {
  return { bytes, release: () => void released.count++ }
}

for (const [name, make] of transports) {
  t.test(`${name}: pieces that are passed on and given back arrive as they were sent`, async t => {
    const bytes = content(20 * mebibyte + 12_345)
    let received = 0
    let same = true
    const sink = await openPair(make(), {
      agent: {
        async putBlock({ body }) {
          for await (const lease of leasesOf(body ?? [])) {
            same &&= bytes.subarray(received, received + lease.bytes.length).equals(lease.bytes)
            received += lease.bytes.length
            lease.release()
            lease.release()
          }
          return { head: { time: 1, had: false } }
        },
      },
    })
    const source = await openPair(make(), {
      agent: { fetchBlock: () => ({ head: { time: 1, size: 1 }, body: bytes }) },
    })
    const { body } = await source.server.request('fetchBlock', fetchBlockRequest)
    const relayed: OutgoingBody = { stream: leasesOf(body ?? []) }
    await sink.server.request('putBlock', blockRequest(), { body: relayed })
    t.equal(received, bytes.length)
    t.ok(same)
    await Promise.all([sink.close(), source.close()])
  })

  t.test(`${name}: a body that is lent comes back once it has left, inline or not`, async t => {
    const seen: number[] = []
    const pair = await openPair(make(), {
      agent: {
        async putBlock({ body }) {
          seen.push((await body?.bytes(8 * mebibyte))?.length ?? 0)
          return { head: { time: 1, had: false } }
        },
      },
    })
    const pool = new BufferPool({ bufferBytes: mebibyte, freeBytesMax: 4 * mebibyte, scribbles: true })
    for (const size of [1_000, mebibyte - 7]) {
      const released = { count: 0 }
      const pooled = pool.lease(size)
      pooled.bytes.set(content(size))
      const leases = [counted(content(100), released), pooled]
      await pair.server.request('putBlock', blockRequest(), { body: { leases } })
      await untilReleased(pair, released, 1)
      t.equal(seen.pop(), size + 100)
    }
    t.equal(pool.freeBytes, mebibyte)
    await pair.close()
  })
}

t.test('a body that nobody wants comes back as well', async t => {
  const pair = await openPair(memoryTransport(systemClock), {
    agent: {
      putBlock({ body }) {
        body?.discard()
        return { head: { time: 1, had: true } }
      },
    },
  })
  const released = { count: 0 }
  const leases = Array.from({ length: 16 }, () => counted(Buffer.alloc(mebibyte), released))
  const answer = await pair.server.request('putBlock', blockRequest(), { body: { leases } })
  t.ok(answer.head.had)
  await untilReleased(pair, released, 16)
  const refused = { count: 0 }
  const signal = AbortSignal.abort()
  await failure(
    pair.server.request('putBlock', blockRequest(), {
      body: { leases: [counted(Buffer.alloc(10), refused)] },
      signal,
    }),
  )
  t.equal(refused.count, 1, 'it was never sent')
  await pair.close()
})

t.test('where the connection breaks, nothing that may be read still comes back', async t => {
  const entered = gate()
  const pair = await openPair(memoryTransport(systemClock), {
    agent: {
      putBlock: () => {
        entered.open()
        return new Promise(() => {})
      },
    },
  })
  const released = { count: 0 }
  const leases = [counted(Buffer.alloc(4 * mebibyte), released)]
  const answer = failure(pair.server.request('putBlock', blockRequest(), { body: { leases } }))
  await entered.promise
  pair.server.destroy()
  await answer
  t.equal(released.count, 0)
  await pair.close()
})
