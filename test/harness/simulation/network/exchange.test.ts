import { createHash } from 'node:crypto'
import { acceptExchanges, connectExchange } from '@torc/protocol/exchange/endpoint'
import type { Handlers } from '@torc/protocol/exchange/exchange'
import type { Identity } from '@torc/protocol/handshake/identity'
import type { Role } from '@torc/protocol/messages/frame-types'
import t from 'tap'
import { watchForLeaks } from '../determinism-guard.js'
import { Scheduler } from '../scheduler.js'
import { SeededRandom } from '../seeded-random.js'
import { SimulatedProcess } from '../simulated-process.js'
import { SimulatedNetwork } from './network.js'

// The real exchange of `@torc/protocol` over the simulated network.

const clusterId = '0'.repeat(32)
const secret = Buffer.alloc(32, 7)

function identityOf(role: Role, id: string): Identity {
  return { role, id, name: id, address: `${id}:7000`, clusterId, secret }
}

async function serverAndAgent(seed: string, handlers: Handlers) {
  const scheduler = new Scheduler()
  const random = new SeededRandom(seed)
  const network = new SimulatedNetwork({ scheduler, random: random.fork('network') })
  const start = (name: string) => new SimulatedProcess({ name, scheduler, random: random.fork(name) })
  const server = start('server-1')
  const agent = start('agent-1')
  const accepting = acceptExchanges(
    network.transportOf(agent),
    { host: 'agent-1', port: 7000 },
    {
      identity: identityOf('agent', 'agent-1'),
      credentials: { secretOf: () => secret },
      handlers,
      environment: agent.environment,
      allowedRoles: ['server'],
    },
  )
  await scheduler.drive(accepting)
  const connecting = connectExchange(
    network.transportOf(server),
    { host: 'agent-1', port: 7000 },
    { identity: identityOf('server', 'server-1'), environment: server.environment },
  )
  return { scheduler, network, agent, exchange: await scheduler.drive(connecting) }
}

const block = Buffer.from(new SeededRandom('block').bytes(1024 * 1024))
const hash = createHash('sha256').update(block).digest()
const head = {
  epoch: 1,
  stage: 1,
  time: 1,
  bucketId: Buffer.alloc(16),
  key: 'key',
  opId: Buffer.alloc(16, 1),
  hash,
  size: block.length,
}

const storing: Handlers = {
  async putBlock({ body }) {
    const received = await body?.bytes(block.length)
    return { head: { time: 2, had: received !== undefined && block.equals(received) } }
  },
}

t.test('a streamed body passes whole, also over a link that is held for a while', async t => {
  const run = async (seed: string) => {
    const { scheduler, network, exchange } = await serverAndAgent(seed, storing)
    const startedMs = scheduler.nowMs
    const pieces = async function* () {
      for (let start = 0; start < block.length; start += 50_000) yield block.subarray(start, start + 50_000)
    }
    const answer = exchange.request('putBlock', head, { body: { stream: pieces() } })
    await scheduler.runFor(1)
    network.link('agent-1', 'server-1').hold()
    await scheduler.runFor(5000)
    network.heal()
    t.match((await scheduler.drive(answer)).head, { had: true })
    t.ok(scheduler.nowMs - startedMs > 5000)
    await scheduler.drive(exchange.close())
    return scheduler.trace.digest()
  }
  const { value: first, leaks } = await watchForLeaks(() => run('one'))
  t.same(leaks, [], 'nothing but the seed decides')
  t.equal(await run('one'), first)
  t.not(await run('two'), first)
})

t.test('the death of the peer ends a request, a silent partition does too', async t => {
  const never: Handlers = { putBlock: () => new Promise(() => {}) }
  const { scheduler, agent, exchange } = await serverAndAgent('death', never)
  const answer = exchange.request('putBlock', head, { body: block.subarray(0, 100) })
  scheduler.schedule(10, 'kill', () => agent.kill())
  await t.rejects(scheduler.drive(answer), { code: 'UNREACHABLE' })
  t.ok(scheduler.nowMs < 100, 'at once')

  const silent = await serverAndAgent('silence', never)
  silent.network.partition(['server-1'], ['agent-1'])
  const unanswered = silent.exchange.request('putBlock', head, {
    body: block.subarray(0, 100),
    timeoutMs: 2000,
  })
  await t.rejects(silent.scheduler.drive(unanswered), { code: 'TIMEOUT' })
  await silent.scheduler.drive(silent.exchange.closed)
  t.equal(silent.exchange.open, false, 'the connection is given up in the end')
})
