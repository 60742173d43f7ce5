import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '@torc/client'
import type { Identity } from '@torc/protocol/handshake/identity'
import { type Cluster, vmHwm } from '../harness/processes/cluster.js'
import { SeededRandom } from '../harness/simulation/seeded-random.js'
import { FrameMaker } from './frame-maker.js'
import { RawConnection } from './raw-connection.js'

export interface FuzzResult {
  readonly frames: number
  readonly connections: number
  /** What the other client did meanwhile. */
  readonly healthyRequests: number
  /** VmHWM after all frames less VmHWM after the first tenth, bytes, per process. */
  readonly growth: Readonly<Record<string, number>>
}

/** Frames of one connection, at most; the last one breaks the framing, more often than not. */
const framesPerConnection = 16

/**
 * Sends `frames` random and mutated frames to the server and to an agent while another client puts and gets.
 * Throws when a process of the cluster ends, hangs, or serves the other client wrongly.
 */
export async function fuzz(cluster: Cluster, seed: string, frames: number): Promise<FuzzResult> {
  const random = new SeededRandom(seed)
  const agent = cluster.agents[0]
  if (agent === undefined) throw new Error('the cluster has no agent')
  const identities = identitiesOf(cluster)
  const targets = [
    { address: cluster.server, identity: undefined },
    { address: cluster.server, identity: identities.client },
    { address: cluster.server, identity: identities.node },
    { address: agent.address, identity: undefined },
    { address: agent.address, identity: identities.node },
  ]
  const pids = { server: cluster.serverPid, agent: agent.pid }
  const healthy = new HealthyClient(cluster)
  await healthy.start()
  const maker = new FrameMaker(random)
  let sent = 0
  let connections = 0
  let early: Record<string, number> | undefined
  try {
    while (sent < frames) {
      const target = random.pick(targets)
      const connection = await RawConnection.open(target.address, target.identity)
      connections++
      const count = random.integer(1, framesPerConnection)
      for (let i = 1; i < count; i++) connection.send(maker.framed())
      connection.send(maker.broken())
      sent += count
      await connection.settle()
      connection.destroy()
      if (healthy.failure !== undefined) throw healthy.failure
      if (early === undefined && sent >= frames / 10) early = peaks(pids)
    }
  } finally {
    await healthy.stop()
  }
  if (healthy.failure !== undefined) throw healthy.failure
  const late = peaks(pids)
  const growth = Object.fromEntries(
    Object.entries(late).map(([name, bytes]) => [name, bytes - (early?.[name] ?? 0)]),
  )
  if (cluster.serverPid !== pids.server || cluster.agents[0]?.pid !== pids.agent)
    throw new Error('a process was restarted')
  return { frames: sent, connections, healthyRequests: healthy.requests, growth }
}

/** Another client, to which nothing of all this may matter. */
class HealthyClient {
  readonly #cluster: Cluster
  #running = true
  #loop: Promise<void> = Promise.resolve()
  requests = 0
  failure: unknown

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  async start(): Promise<void> {
    const { accessKey, secretKey } = JSON.parse(readFileSync(this.#cluster.credentials, 'utf8'))
    const store = await connect({ servers: [this.#cluster.server], credentials: { accessKey, secretKey } })
    await store.createBucket('healthy')
    this.#loop = (async () => {
      try {
        while (this.#running) {
          const text = `value ${this.requests}`
          await store.put('healthy', `key-${this.requests % 20}`, text)
          const found = await (await store.get('healthy', `key-${this.requests % 20}`)).text()
          if (found !== text) throw new Error(`read "${found}" where "${text}" was written`)
          this.requests += 2
        }
      } catch (error) {
        this.failure = error
      } finally {
        await store.close()
      }
    })()
  }

  async stop(): Promise<void> {
    this.#running = false
    await this.#loop
  }
}

function identitiesOf(cluster: Cluster): { client: Identity; node: Identity } {
  const { accessKey, secretKey } = JSON.parse(readFileSync(cluster.credentials, 'utf8'))
  const { clusterId, secret } = JSON.parse(readFileSync(join(cluster.data, 'cluster-secret.json'), 'utf8'))
  return {
    client: {
      role: 'client',
      id: accessKey,
      name: 'fuzz',
      address: '',
      clusterId: '',
      secret: Buffer.from(secretKey),
    },
    node: {
      role: 'server',
      id: 'fuzz-00000000',
      name: 'fuzz',
      address: '127.0.0.1:1',
      clusterId,
      secret: Buffer.from(secret, 'base64url'),
    },
  }
}

function peaks(pids: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, vmHwm(pid)]))
}
