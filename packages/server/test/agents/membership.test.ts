import type { Member } from '@torc/cluster/membership/member'
import { silentLog } from '@torc/protocol/environment/log'
import { systemEnvironment as environment } from '@torc/protocol/environment/system'
import { memoryTransport } from '@torc/protocol/transport/memory'
import { parseAddress } from '@torc/protocol/transport/transport'
import t from 'tap'
import { startServer } from '../../src/start-server.js'
import { type FakeNode, startFakeNode } from '../fakes/fake-node.js'

const secret = { clusterId: 'cd'.repeat(16), secret: Buffer.alloc(32, 5) }
const listen = { host: '127.0.0.1', port: 0 }

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  // Gossip goes round once a second: what bounds the wait is time, not turns of the event loop.
  const deadline = performance.now() + 30_000
  while (performance.now() < deadline) {
    if (await holds()) return
    await new Promise(setImmediate)
  }
  throw new Error(`never: ${what}`)
}

function hear(node: FakeNode, members: Member[]): void {
  node.table.step({ kind: 'news', from: node.id, members }, environment.clock.monotonicMs())
}

t.test('one live node of the join list is enough to find the rest, servers too', async t => {
  const transport = memoryTransport(environment.clock)
  const one = await startFakeNode({ number: 1, secret, transport, environment })
  const two = await startFakeNode({ number: 2, secret, transport, environment, knows: [one.table.self] })
  const dead = { host: '127.0.0.1', port: 9 }
  const start = (join: (typeof listen)[]) =>
    startServer({ secret, transport, listen, join, name: 's', sharedRoots: [], environment, log: silentLog })
  const first = await start([dead, two.address])
  const second = await start([one.address, two.address])
  await until('both agents are known and alive', async () => {
    const { members } = await first.store.status()
    return members.filter(({ role, state }) => role === 'agent' && state === 'alive').length === 2
  })
  t.ok(two.table.get(first.id), 'the agent knows the server')
  await until('servers know each other', async () =>
    (await second.store.status()).members.some(({ id }) => id === first.id),
  )
  await first.close()
  t.equal(one.table.get(first.id)?.state ?? two.table.get(first.id)?.state, 'left', 'it said good-bye')
  await second.close()
  await one.close()
  await two.close()
})

t.test('an agent that left is let go', async t => {
  const transport = memoryTransport(environment.clock)
  const one = await startFakeNode({ number: 1, secret, transport, environment })
  const gone: Member = { ...one.table.self, id: 'node-gone', address: '127.0.0.1:9' }
  hear(one, [gone])
  const server = await startServer({
    secret,
    transport,
    listen,
    join: [one.address],
    name: 's',
    sharedRoots: [],
    environment,
    log: silentLog,
  })
  const stateOf = async () =>
    (await server.store.status()).members.find(({ id }) => id === 'node-gone')?.state
  t.equal(await stateOf(), 'suspect', 'said to be alive, and not reachable from here')
  hear(one, [{ ...gone, incarnation: 2, state: 'left' }])
  await until('it is seen to have left', async () => (await stateOf()) === 'left')
  const back = await startFakeNode({ number: 2, secret, transport, environment })
  const left: Member = { ...back.table.self, incarnation: 2, state: 'left' }
  hear(one, [left])
  const stateOfBack = async () =>
    (await server.store.status()).members.find(({ id }) => id === back.id)?.state
  await until('that one left too', async () => (await stateOfBack()) === 'left')
  hear(one, [{ ...left, incarnation: 3, state: 'alive' }])
  await until('it is taken back', async () => (await stateOfBack()) === 'alive')
  await back.close()
  await server.close()
  await one.close()
})

t.test('a server whose id is in use is refused, and ends', async t => {
  const transport = memoryTransport(environment.clock)
  const options = { secret, transport, listen, name: 's', sharedRoots: [], log: silentLog }
  // The same bytes for the id of both.
  const bytes = (count: number): Uint8Array => new Uint8Array(count).fill(7)
  const random = {
    ...environment.random,
    bytes: (n: number) => (n === 4 ? bytes(n) : environment.random.bytes(n)),
  }
  const first = await startServer({ ...options, join: [], environment: { ...environment, random } })
  const address = parseAddress(first.address) ?? listen
  const errors: string[] = []
  const log = { ...silentLog, error: (_: object, message: string) => void errors.push(message) }
  const second = await startServer({
    ...options,
    log,
    join: [address],
    environment: { ...environment, random },
  })
  t.equal(second.id, first.id)
  t.match(await second.closed, { code: 'CONFLICT', message: new RegExp(first.address) })
  t.match(errors, [/refused/])
  const third = await startServer({ ...options, join: [address], environment })
  await until('a server of the same name is taken in', async () =>
    (await first.store.status()).members.some(({ id }) => id === third.id),
  )
  await third.close()
  t.equal(await third.closed, undefined)
  await first.close()
})
