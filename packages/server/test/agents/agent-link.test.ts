import { silentLog } from '@torc/protocol/environment/log'
import { TorcError } from '@torc/protocol/errors'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import t from 'tap'
import { AgentLink } from '../../src/agents/agent-link.js'
import { AgentPool } from '../../src/agents/agent-pool.js'
import { fakeEnvironment } from '../fakes/fake-environment.js'

interface StubExchange {
  readonly exchange: Exchange
  readonly requests: string[]
  end(error?: TorcError): void
  failure: TorcError | undefined
  closed: boolean
}

function stubExchange(id: string): StubExchange {
  let resolve: (error: TorcError | undefined) => void = () => {}
  const over = new Promise<TorcError | undefined>(done => {
    resolve = done
  })
  const stub: StubExchange = {
    requests: [],
    failure: undefined,
    closed: false,
    end(error) {
      stub.closed = true
      resolve(error)
    },
    exchange: {
      peer: { role: 'agent', id, name: id, address: 'x:1', features: [], clusterId: '' },
      get open() {
        return !stub.closed
      },
      openRequests: 0,
      async request(name: string) {
        stub.requests.push(name)
        if (stub.failure !== undefined) throw stub.failure
        return { head: {}, body: undefined }
      },
      async *fetch(name: string) {
        stub.requests.push(name)
        if (stub.failure !== undefined) throw stub.failure
        yield { head: {}, body: undefined }
      },
      async close() {
        stub.end()
      },
      destroy: (error?: TorcError) => stub.end(error),
      closed: over,
    } as unknown as Exchange,
  }
  return stub
}

const settle = () => new Promise(setImmediate)

function setUp(answers: (StubExchange | Error)[]) {
  const environment = fakeEnvironment()
  const events: string[] = []
  const options = {
    environment,
    log: silentLog,
    connect: async () => {
      events.push('connect')
      const next = answers.shift()
      if (next === undefined) throw new TorcError('UNREACHABLE', 'nobody')
      if (next instanceof Error) throw next
      return next.exchange
    },
    onConnected: (agent: string) => void events.push(`${agent} connected`),
    onFailed: (agent: string) => void events.push(`${agent} failed`),
  }
  return { environment, events, options }
}

t.test('connects, and again with backoff when it ends', async t => {
  const [one, two] = [stubExchange('a'), stubExchange('a')]
  const { environment, events, options } = setUp([one, new TorcError('UNREACHABLE', 'x'), two])
  const link = new AgentLink('a', options)
  t.equal(link.alive, false)
  await Promise.all([link.start(), link.start()])
  t.equal(link.alive, true)
  t.strictSame(events.splice(0), ['connect', 'a connected'])
  one.end(new TorcError('UNREACHABLE', 'cut'))
  await settle()
  t.equal(link.alive, false)
  t.strictSame(events.splice(0), ['a failed'])
  environment.clock.advance(100)
  await settle()
  t.strictSame(events.splice(0), ['connect', 'a failed'])
  environment.clock.advance(200)
  await settle()
  t.equal(link.alive, true)
  t.strictSame(events.splice(0), ['connect', 'a connected'])
  await link.close(0)
  t.equal(two.closed, true)
  await link.start()
  t.strictSame(events, [], 'closed: it connects no more')
})

t.test('another node at the address is not the agent', async t => {
  const other = stubExchange('b')
  const { events, options } = setUp([other])
  const link = new AgentLink('a', options)
  await link.start()
  t.equal(link.alive, false)
  t.equal(other.closed, true)
  t.strictSame(events, ['connect', 'a failed'])
  await link.close(0)
})

t.test('silence is mistrusted for a moment, an error is an answer', async t => {
  const one = stubExchange('a')
  const { environment, options } = setUp([one])
  const pool = new AgentPool(options)
  await pool.track('a')
  t.equal(pool.isAlive('a'), true)
  one.failure = new TorcError('DISK_FULL', 'x')
  await t.rejects(pool.request('a', 'fetchEpoch', {}), { code: 'DISK_FULL' })
  t.equal(pool.isAlive('a'), true)
  one.failure = new TorcError('TIMEOUT', 'x')
  await t.rejects(pool.request('a', 'fetchEpoch', {}), { code: 'TIMEOUT' })
  t.equal(pool.isAlive('a'), false)
  environment.clock.advance(2_000)
  t.equal(pool.isAlive('a'), true)
  await t.rejects(
    (async () => {
      for await (const _ of pool.fetch('a', 'fetchKey', {} as never));
    })(),
    { code: 'TIMEOUT' },
  )
  t.equal(pool.isAlive('a'), false)
  await pool.close(0)
})

t.test('an agent that others hold for down is not alive until it answers here', async t => {
  const { options } = setUp([])
  const pool = new AgentPool(options)
  const one = stubExchange('a')
  pool.adopt(one.exchange)
  pool.doubt('a')
  t.equal(pool.isAlive('a'), false)
  await pool.request('a', 'fetchEpoch', {})
  t.equal(pool.isAlive('a'), true, 'what this server sees counts for more')
  pool.doubt('a')
  for await (const _ of pool.fetch('a', 'fetchKey', {} as never));
  t.equal(pool.isAlive('a'), true)
  pool.doubt('a')
  pool.believe('a')
  t.equal(pool.isAlive('a'), true, 'nobody says so any more')
  pool.doubt('a')
  const fresh = stubExchange('a')
  t.equal(
    pool.adopt(fresh.exchange),
    fresh.exchange,
    'a new connection takes the place of one that is doubted',
  )
  t.equal(one.closed, true)
  t.equal(pool.isAlive('a'), true)
  t.equal(pool.adopt(fresh.exchange), fresh.exchange)
  t.equal(fresh.closed, false, 'and is not closed for itself')
  pool.doubt('stranger')
  pool.believe('stranger')
  pool.exclude('a', true)
  t.equal(pool.isAlive('a'), false, 'it says itself that it takes no part')
  t.equal(pool.isReachable('a'), true)
  pool.exclude('a', false)
  t.equal(pool.isAlive('a'), true)
  await pool.close(0)
  t.equal(pool.adopt(stubExchange('b').exchange), undefined)
})

t.test('the pool knows agents by id', async t => {
  const { options } = setUp([])
  const pool = new AgentPool(options)
  await t.rejects(pool.request('a', 'fetchEpoch', {}), { code: 'UNREACHABLE', details: { sent: false } })
  await t.rejects(
    (async () => {
      for await (const _ of pool.fetch('a', 'fetchKey', {} as never));
    })(),
    { code: 'UNREACHABLE', details: { sent: false } },
  )
  const one = stubExchange('a')
  pool.adopt(one.exchange)
  t.equal(pool.exchangeOf('a'), one.exchange)
  const spare = stubExchange('a')
  pool.adopt(spare.exchange)
  t.equal(spare.closed, true, 'one connection is enough')
  await pool.request('a', 'fetchEpoch', {})
  for await (const _ of pool.fetch('a', 'fetchKey', {} as never));
  t.strictSame(one.requests, ['fetchEpoch', 'fetchKey'])
  t.strictSame(pool.ids, ['a'])
  pool.forget('a')
  t.strictSame(pool.ids, [])
  await pool.close(0)
  await pool.track('b')
  t.strictSame(pool.ids, [], 'closed: it takes no more')
})
