import { silentLog } from '@torc/protocol/environment/log'
import { systemEnvironment as environment } from '@torc/protocol/environment/system'
import { type Acceptor, acceptExchanges } from '@torc/protocol/exchange/endpoint'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import type { Identity } from '@torc/protocol/handshake/identity'
import { memoryTransport } from '@torc/protocol/transport/memory'
import t, { type Test } from 'tap'
import { Peers } from '../../src/membership/peers.js'

const transport = memoryTransport(environment.clock)
const secret = new Uint8Array(32).fill(3)
const identityOf = (id: string): Identity => ({
  role: 'agent',
  id,
  name: id,
  address: '127.0.0.1:1',
  clusterId: 'ab'.repeat(16),
  secret,
})

async function listening(t: Test, id: string, onExchange?: (exchange: Exchange) => void): Promise<Acceptor> {
  const acceptor = await acceptExchanges(
    transport,
    { host: '127.0.0.1', port: 0 },
    {
      identity: identityOf(id),
      credentials: { secretOf: () => secret },
      handlers: {},
      environment,
      allowedRoles: ['agent'],
      ...(onExchange === undefined ? {} : { onExchange }),
    },
  )
  t.teardown(() => acceptor.close(100))
  return acceptor
}

function peersOf(t: Test, lost: string[] = []): Peers {
  const onLost = (id: string): void => void lost.push(id)
  const parts = { transport, identity: identityOf('me'), handlers: {}, environment, log: silentLog, onLost }
  const peers = new Peers(parts)
  t.teardown(() => peers.close(100))
  return peers
}

t.test('a connection is opened once, shared, and opened again when it broke', async t => {
  const { address } = await listening(t, 'other')
  const lost: string[] = []
  const peers = peersOf(t, lost)
  const [first, second] = await Promise.all([peers.reach(address, 'other'), peers.reach(address)])
  t.equal(first, second)
  t.equal(await peers.reach(address, 'other'), first)
  first.destroy()
  await first.closed
  t.strictSame(lost, ['other'], 'and it is told')
  const again = await peers.reach(address, 'other')
  t.not(again, first)
  t.equal(again.open, true)
  t.not(await peers.reach(address), again, 'one of its own for who asks for whoever is there')
})

t.test('another node under a known address is noticed', async t => {
  const { address } = await listening(t, 'other')
  await t.rejects(peersOf(t).reach(address, 'third'), { code: 'UNREACHABLE', message: /other/ })
})

t.test('a connection that the peer opened is used', async t => {
  const peers = peersOf(t)
  const accepted: Exchange[] = []
  const { address } = await listening(t, 'me', exchange => void accepted.push(exchange))
  await peersOf(t).reach(address)
  const [exchange] = accepted
  if (exchange === undefined) throw new Error('nobody was accepted')
  peers.accepted(exchange)
  t.equal(await peers.reach({ host: '127.0.0.1', port: 1 }, exchange.peer.id), exchange)
})

t.test('nobody there, or closed meanwhile', async t => {
  const acceptor = await listening(t, 'other')
  const lost: string[] = []
  const peers = peersOf(t, lost)
  const exchange = await peers.reach(acceptor.address, 'other')
  await acceptor.close(0)
  await exchange.closed
  await t.rejects(peers.reach(acceptor.address, 'other'), { code: 'UNREACHABLE' })
  await peers.close(100)
  await t.rejects(peers.reach(acceptor.address, 'other'), { code: 'CANCELLED' })
})
