import t from 'tap'
import { localAddresses, reachable, reachableAddress } from '../../src/up/local-addresses.js'

t.test('agents listen beside the server', async t => {
  t.strictSame(localAddresses('127.0.0.1', 7400, 2), {
    server: { host: '127.0.0.1', port: 7400 },
    agents: [
      { host: '127.0.0.1', port: 7410 },
      { host: '127.0.0.1', port: 7411 },
    ],
  })
  t.strictSame(
    localAddresses('127.0.0.1', 0, 2).agents.map(({ port }) => port),
    [0, 0],
  )
})

t.test('a wildcard opens the server to others, not the agents', async t => {
  const { server, agents } = localAddresses('0.0.0.0', 7400, 1)
  t.equal(server.host, '0.0.0.0')
  t.equal(agents[0]?.host, '127.0.0.1')
  t.equal(reachable('::'), '::1')
  t.equal(reachable('10.0.0.1'), '10.0.0.1')
  t.equal(reachableAddress('0.0.0.0:7400'), '127.0.0.1:7400')
  t.equal(reachableAddress('[::]:7400'), '[::1]:7400')
  t.equal(reachableAddress('nonsense'), 'nonsense')
})
