import { connect, type Store } from '@torc/client'
import { startAgent } from '@torc/node-agent/agent'
import { MemoryDisk } from '@torc/node-agent/disk/memory-disk'
import { silentLog } from '@torc/protocol/environment/log'
import { systemEnvironment } from '@torc/protocol/environment/system'
import { deriveRootKey } from '@torc/protocol/handshake/root-key'
import type { ObjectStore } from '@torc/protocol/store/object-store'
import { memoryTransport } from '@torc/protocol/transport/memory'
import { parseAddress, type Transport } from '@torc/protocol/transport/transport'
import { type ClusterSecret, type RunningServer, startServer } from '@torc/server/start-server'

const agentNames = ['agent-1', 'agent-2', 'agent-3']

/** A server and three agents in this process, with their disks in memory. */
export interface MemoryCluster {
  /** The coordinator's own store. */
  readonly inProcess: ObjectStore
  /** A client of the same server. */
  readonly remote: Store
  readonly server: RunningServer
  readonly secret: ClusterSecret
  readonly transport: Transport
  stop(): Promise<void>
}

export async function startMemoryCluster(): Promise<MemoryCluster> {
  const environment = systemEnvironment
  const transport = memoryTransport(environment.clock)
  const secret = { clusterId: 'ab'.repeat(16), secret: Buffer.alloc(32, 9) }
  const common = { transport, environment, log: silentLog, advertise: undefined }
  const listen = { host: '127.0.0.1', port: 0 }
  const server = await startServer({
    ...{ ...common, secret, listen, join: [], name: 'server', sharedRoots: [] },
  })
  const address = parseAddress(server.address)
  if (address === undefined) throw new Error(`no address: ${server.address}`)
  const agents = await Promise.all(
    agentNames.map(name =>
      startAgent({
        ...{ ...common, ...secret, listen, join: [address], name },
        ...{ data: new MemoryDisk(name), zone: '', capacity: 1024 ** 3 },
      }),
    ),
  )
  const remote = await connect({
    servers: [server.address],
    credentials: deriveRootKey(secret.secret),
    transport,
  })
  await untilAlive(remote)
  await remote.initLayout({ agents: agentNames.length })
  return {
    inProcess: server.store,
    remote,
    server,
    secret,
    transport,
    async stop() {
      await remote.close()
      await server.close()
      for (const agent of agents) await agent.close()
    },
  }
}

async function untilAlive(store: Store): Promise<void> {
  const deadlineMs = performance.now() + 30_000
  for (;;) {
    const { members } = await store.status()
    const alive = members.filter(({ role, state }) => role === 'agent' && state === 'alive')
    if (alive.length === agentNames.length) return
    if (performance.now() > deadlineMs) throw new Error(`${alive.length} agents are alive after 30 s`)
    await new Promise(setImmediate)
  }
}
