import { type Environment, systemEnvironment } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import type { Address } from '@torc/protocol/transport/transport'
import t from 'tap'
import { backoff } from '../../src/connection/backoff.js'
import { Connector } from '../../src/connection/connector.js'
import { Deadline } from '../../src/connection/deadline.js'
import { FakeExchange } from '../doubles/fake-exchange.js'
import { ManualClock } from '../doubles/manual-clock.js'

const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** Servers 1, 2 … of which those in `down` refuse connections. */
function stage(count: number) {
  const clock = new ManualClock()
  const environment: Environment = { ...systemEnvironment, clock }
  const down = new Set<number>()
  const attempts: number[] = []
  const exchanges = new Map<number, FakeExchange>()
  const connector = new Connector({
    servers: Array.from({ length: count }, (_, i) => ({ host: 'server', port: i + 1 })),
    environment,
    open: async ({ port }: Address, _signal, silence) => {
      attempts.push(port)
      if (down.has(port)) throw new TorcError('UNREACHABLE', `${port} is down`)
      const exchange = new FakeExchange(String(port), silence)
      exchanges.set(port, exchange)
      return exchange
    },
  })
  const exchangeOf = (port: number): FakeExchange => {
    const exchange = exchanges.get(port)
    if (exchange === undefined) throw new Error(`server ${port} was not connected to`)
    return exchange
  }
  const picked = (): number => Number(connector.pick()?.peer.id)
  const deadline = (): Deadline => new Deadline(clock, 30_000)
  /** All servers connected. */
  const warm = async (): Promise<void> => {
    await connector.acquire(deadline())
    for (let request = 1; request <= 2; request++) connector.pick()
    await settled()
  }
  return { clock, down, attempts, connector, exchangeOf, picked, deadline, warm }
}

t.test('the first request waits for one server; the others follow with the second', async t => {
  const s = stage(3)
  s.down.add(1)
  t.equal((await s.connector.acquire(s.deadline(), 1)).peer.id, '2')
  t.strictSame(s.attempts, [1, 2])
  t.equal(s.picked(), 2)
  await settled()
  t.strictSame(s.attempts, [1, 2], 'one request needs one server')
  s.clock.pass(backoff.maxMs)
  t.equal(s.picked(), 2)
  await settled()
  t.strictSame(s.attempts, [1, 2, 1, 3])
})

t.test('requests go where the fewest are under way, ties in turn', async t => {
  const s = stage(3)
  await s.warm()
  t.strictSame(new Set([s.picked(), s.picked(), s.picked()]), new Set([1, 2, 3]))
  s.exchangeOf(1).openRequests = 2
  s.exchangeOf(2).openRequests = 1
  s.exchangeOf(3).openRequests = 3
  t.equal(s.picked(), 2)
  t.equal(s.picked(), 2)
})

t.test('a server that fails is left out, tried again with growing waits, and comes back', async t => {
  const s = stage(2)
  await s.warm()
  s.down.add(1)
  s.exchangeOf(1).destroy()
  await settled()
  s.attempts.length = 0
  const waits: number[] = []
  for (let passed = 0, looks = 0; waits.length < 12 && looks < 10_000; passed += 10, looks++) {
    t.equal(s.picked(), 2)
    await settled()
    if (s.attempts.length > 0) {
      waits.push(passed)
      s.attempts.length = 0
      passed = 0
    }
    s.clock.pass(10)
  }
  t.ok((waits[0] ?? 0) <= backoff.firstMs + 10)
  const last = waits.at(-1) ?? 0
  t.ok(last >= backoff.maxMs / 2 && last <= backoff.maxMs + 20, `${waits}`)
  s.down.delete(1)
  s.clock.pass(backoff.maxMs)
  s.connector.pick()
  await settled()
  t.strictSame(new Set([s.picked(), s.picked()]), new Set([1, 2]))
})

t.test('a server that takes connections and drops them is not tried all the time', async t => {
  const s = stage(2)
  await s.warm()
  s.attempts.length = 0
  for (let ms = 0; ms < 10_000; ms += 10) {
    s.connector.pick()
    await settled()
    const exchange = s.exchangeOf(1)
    if (exchange.open) exchange.destroy()
    await settled()
    s.clock.pass(10)
  }
  t.ok(s.attempts.length < 15, `${s.attempts.length} attempts in ten seconds`)
})

t.test('a server that can not serve is passed over for a while', async t => {
  const s = stage(2)
  await s.warm()
  s.exchangeOf(2).openRequests = 5
  t.equal(s.picked(), 1)
  t.equal((await s.connector.another(s.exchangeOf(1), s.deadline())).peer.id, '2')
  t.equal(s.picked(), 2, 'though it has more requests')
  s.clock.pass(backoff.maxMs)
  t.equal(s.picked(), 1, 'it gets another chance')
  // Where both refuse, the load decides again.
  await s.connector.another(s.exchangeOf(1), s.deadline())
  await s.connector.another(s.exchangeOf(2), s.deadline())
  t.equal(s.picked(), 1)
})

t.test(
  'another server is connected to where the only one refuses; where none answers it is asked again',
  async t => {
    const s = stage(3)
    const first = await s.connector.acquire(s.deadline())
    s.down.add(2)
    t.equal((await s.connector.another(first, s.deadline())).peer.id, '3')
    s.down.add(3)
    s.exchangeOf(3).destroy()
    await settled()
    s.clock.pass(backoff.maxMs)
    t.equal(await s.connector.another(first, s.deadline()), first)
  },
)

t.test('a silent server is left when another one answers', async t => {
  const s = stage(2)
  await s.connector.acquire(s.deadline())
  const { silence } = s.exchangeOf(1)
  t.equal(silence?.mayLeave(), false, 'there is nowhere to go yet')
  await settled()
  t.strictSame(s.attempts, [1, 2], 'so that is what is tried')
  silence?.onSuspect(true)
  t.equal(s.picked(), 2)
  t.equal(s.picked(), 2)
  t.equal(silence?.mayLeave(), true)
  s.exchangeOf(2).silence?.onSuspect(true)
  t.equal(silence?.mayLeave(), false, 'the other one is silent too')
  silence?.onSuspect(false)
  t.equal(s.picked(), 1)
  const alone = stage(1)
  await alone.connector.acquire(alone.deadline())
  t.equal(alone.exchangeOf(1).silence, undefined)
})

t.test('without any server, requests share the search, whose rounds lie apart', async t => {
  const s = stage(2)
  await s.warm()
  s.down.add(1).add(2)
  s.exchangeOf(1).destroy()
  s.exchangeOf(2).destroy()
  await settled()
  s.attempts.length = 0
  t.equal(s.connector.pick(), undefined)
  const waiting = [s.connector.acquire(s.deadline()), s.connector.acquire(s.deadline())]
  await settled()
  t.strictSame([...s.attempts].sort(), [1, 2])
  s.down.delete(2)
  for (let ms = 0; ms < backoff.firstMs; ms += 10) {
    s.clock.pass(10)
    await settled()
  }
  for (const exchange of await Promise.all(waiting)) t.equal(exchange.peer.id, '2')
  await s.connector.close()
  await t.rejects(s.connector.acquire(s.deadline()), { code: 'CANCELLED' })
})
