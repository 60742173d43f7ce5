import t from 'tap'
import { localAddresses, reachable, reachableAddress, serverCountMax } from '../../src/up/local-addresses.js'

t.test('agents listen beside the servers', async t => {
  t.strictSame(localAddresses('127.0.0.1', 7400, { servers: 2, agents: 2 }), {
    servers: [
      { host: '127.0.0.1', port: 7400 },
      { host: '127.0.0.1', port: 7401 },
    ],
    agents: [
      { host: '127.0.0.1', port: 7410 },
      { host: '127.0.0.1', port: 7411 },
    ],
  })
  const chosen = localAddresses('127.0.0.1', 0, { servers: 2, agents: 1 })
  t.strictSame(
    [...chosen.servers, ...chosen.agents].map(({ port }) => port),
    [0, 0, 0],
  )
  const many = localAddresses('127.0.0.1', 7400, { servers: serverCountMax, agents: 1 })
  t.ok((many.servers.at(-1)?.port ?? 0) < (many.agents[0]?.port ?? 0))
})

t.test('a wildcard opens servers to others, not the agents', async t => {
  const { servers, agents } = localAddresses('0.0.0.0', 7400, { servers: 1, agents: 1 })
  t.equal(servers[0]?.host, '0.0.0.0')
  t.equal(agents[0]?.host, '127.0.0.1')
  t.equal(reachable('::'), '::1')
  t.equal(reachable('10.0.0.1'), '10.0.0.1')
  t.equal(reachableAddress('0.0.0.0:7400'), '127.0.0.1:7400')
  t.equal(reachableAddress('[::]:7400'), '[::1]:7400')
  t.equal(reachableAddress('nonsense'), 'nonsense')
})
