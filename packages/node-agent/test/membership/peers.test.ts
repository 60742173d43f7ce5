import { silentLog } from '@torc/protocol/environment/log'
import { systemEnvironment } from '@torc/protocol/environment/system'
import { tcpTransport } from '@torc/protocol/transport/tcp'
import t, { type Test } from 'tap'
import { Peers } from '../../src/membership/peers.js'
import { clusterId, secret, startedAgent } from '../support/agent-harness.js'

function peersOf(t: Test): Peers {
  const peers = new Peers({
    transport: tcpTransport(),
    identity: { role: 'agent', id: 'me-00000000', name: 'me', address: '127.0.0.1:1', clusterId, secret },
    handlers: {},
    environment: systemEnvironment,
    log: silentLog,
  })
  t.teardown(() => peers.close(100))
  return peers
}

t.test('a connection is opened once, shared, and opened again when it broke', async t => {
  const agent = await startedAgent(t)
  const peers = peersOf(t)
  const [first, second] = await Promise.all([
    peers.reach(agent.address, agent.id),
    peers.reach(agent.address),
  ])
  t.equal(first, second)
  t.equal(await peers.reach(agent.address, agent.id), first)
  first.destroy()
  await first.closed
  const again = await peers.reach(agent.address, agent.id)
  t.not(again, first)
  t.equal(again.open, true)
})

t.test('another node under a known address is noticed', async t => {
  const agent = await startedAgent(t)
  const peers = peersOf(t)
  await t.rejects(peers.reach(agent.address, 'other-00000000'), {
    code: 'UNREACHABLE',
    message: new RegExp(agent.id),
  })
})

t.test('a connection that the peer opened is used', async t => {
  const agent = await startedAgent(t)
  const exchange = await peersOf(t).reach(agent.address)
  const peers = peersOf(t)
  peers.accepted(exchange)
  t.equal(await peers.reach({ host: '127.0.0.1', port: 1 }, agent.id), exchange)
})

t.test('nobody there, or closed meanwhile', async t => {
  const agent = await startedAgent(t)
  await agent.close()
  const peers = peersOf(t)
  await t.rejects(peers.reach(agent.address, agent.id), { code: 'UNREACHABLE' })
  await peers.close(100)
  await t.rejects(peers.reach(agent.address, agent.id), { code: 'CANCELLED' })
})
