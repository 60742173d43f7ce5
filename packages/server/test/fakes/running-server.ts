import { silentLog } from '@torc/protocol/environment/log'
import { systemEnvironment } from '@torc/protocol/environment/system'
import { connectExchange } from '@torc/protocol/exchange/endpoint'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import { deriveRootKey, handshakeSecretOf } from '@torc/protocol/handshake/root-key'
import { memoryTransport } from '@torc/protocol/transport/memory'
import { type Address, parseAddress, type Transport } from '@torc/protocol/transport/transport'
import type { Test } from 'tap'
import { type ClusterSecret, type RunningServer, startServer } from '../../src/start-server.js'
import { type FakeNode, startFakeNode } from './fake-node.js'

export const environment = systemEnvironment
export const secret: ClusterSecret = { clusterId: 'ab'.repeat(16), secret: Buffer.alloc(32, 9) }
export const listen = { host: '127.0.0.1', port: 0 }

export interface Running {
  readonly server: RunningServer
  readonly nodes: readonly FakeNode[]
  readonly transport: Transport
  client(): Promise<Exchange>
}

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  // What it waits for goes by the clock, so its bound is time, not turns of the event loop.
  const deadline = performance.now() + 30_000
  while (performance.now() < deadline) {
    if (await holds()) return
    await new Promise(setImmediate)
  }
  throw new Error(`never: ${what}`)
}

/** A server and agents in memory, over exchanges without sockets. */
export async function start(
  t: Test,
  count = 3,
  roots: { name: string; directory: string }[] = [],
): Promise<Running> {
  const transport = memoryTransport(environment.clock)
  const nodes: FakeNode[] = []
  for (let number = 1; number <= count; number++) {
    nodes.push(
      await startFakeNode({
        number,
        secret,
        transport,
        environment,
        knows: nodes.map(node => node.table.self),
      }),
    )
  }
  // The last node knows the rest: naming it is enough.
  const join = nodes.slice(-1).map(({ address }) => address)
  const server = await startServer({
    secret,
    transport,
    listen,
    join,
    name: 'server',
    sharedRoots: roots,
    environment,
    log: silentLog,
  })
  const open: Exchange[] = []
  t.teardown(async () => {
    for (const exchange of open) exchange.destroy()
    await server.close()
    await server.closed
    for (const node of nodes) await node.close()
  })
  await until('all agents are alive', async () => {
    const { members } = await server.store.status()
    return members.filter(({ role, state }) => role === 'agent' && state === 'alive').length === count
  })
  return {
    server,
    nodes,
    transport,
    async client() {
      const exchange = await clientTo(transport, parseAddress(server.address) ?? listen)
      open.push(exchange)
      return exchange
    },
  }
}

export function clientTo(transport: Transport, address: Address, override = {}): Promise<Exchange> {
  const { accessKey, secretKey } = deriveRootKey(secret.secret)
  const identity = {
    role: 'client' as const,
    id: accessKey,
    name: '',
    address: '',
    clusterId: '',
    secret: handshakeSecretOf(secretKey),
  }
  return connectExchange(transport, address, { identity: { ...identity, ...override }, environment })
}
