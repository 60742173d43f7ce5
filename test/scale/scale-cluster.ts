import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type Store } from '@torc/client'
import { peakMemoryBytes } from '../harness/processes/peak-memory.js'
import { runTorc } from '../harness/processes/run-torc.js'
import { temporaryFolder } from '../harness/processes/temporary-folder.js'
import { TorcProcess } from '../harness/processes/torc-process.js'
import { AgentRows } from './traffic/agent-rows.js'
import { CostMeter } from './traffic/cost.js'
import { CountingProxy } from './traffic/counting-proxy.js'

const agentCount = 3
/** The load may fill every queue; nothing is gained by giving up. */
const timeoutMs = 120_000

interface Node {
  readonly name: string
  readonly process: TorcProcess
  /** Where it listens itself. */
  readonly address: string
}

/**
 * A server and three agents, each a process, whose connections are counted: the server reaches the agents, and one
 * of the clients the server, through proxies.
 */
export class ScaleCluster {
  readonly folder: string
  readonly #processes: TorcProcess[] = []
  readonly #proxies: CountingProxy[] = []
  readonly #closing: (() => Promise<unknown>)[] = []
  #nodes: readonly Node[] = []

  private constructor(parent: string) {
    this.folder = temporaryFolder('torc-scale-', parent)
  }

  static async start(parent: string): Promise<ScaleCluster> {
    const cluster = new ScaleCluster(parent)
    try {
      await cluster.#launch()
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  get #secretFile(): string {
    return join(this.folder, 'secrets', 'cluster-secret.json')
  }

  get #configDirectory(): string {
    return join(this.folder, 'config')
  }

  async #launch(): Promise<void> {
    await this.#torc(['init', '--out', join(this.folder, 'secrets')])
    const server = await this.#node('server', 'server', [])
    const agents: Node[] = []
    for (let i = 1; i <= agentCount; i++) {
      const proxy = await CountingProxy.start()
      this.#proxies.push(proxy)
      const args = ['--advertise', proxy.address, '--join', server.address]
      const agent = await this.#node('agent', `agent-${i}`, [
        ...['--data', join(this.folder, `agent-${i}`)],
        ...args,
      ])
      proxy.target = agent.address
      agents.push(agent)
    }
    this.#nodes = [server, ...agents]
    const store = await this.connect()
    await untilAlive(store, agentCount)
    await store.initLayout({ agents: agentCount })
  }

  async #node(kind: 'server' | 'agent', name: string, args: readonly string[]): Promise<Node> {
    const process = new TorcProcess(
      [
        ...[kind, '--name', name, '--cluster-secret-file', this.#secretFile],
        ...['--listen', '127.0.0.1:0', ...args],
      ],
      { configDirectory: this.#configDirectory },
    )
    this.#processes.push(process)
    const ready = await process.waitFor(name, line => line.event === 'ready')
    return { name, process, address: String(ready.address) }
  }

  async #torc(args: readonly string[]): Promise<void> {
    const { code, stderr } = await runTorc(args, { configDirectory: this.#configDirectory })
    if (code !== 0) throw new Error(`torc ${args[0]} ended with ${code}: ${stderr}`)
  }

  get #server(): string {
    const [server] = this.#nodes
    if (server === undefined) throw new Error('there is no server')
    return server.address
  }

  /** A client of the server; without an address, one that is not counted. */
  async connect(address = this.#server): Promise<Store> {
    const { accessKey, secretKey } = JSON.parse(
      readFileSync(join(this.folder, 'secrets', 'credentials.json'), 'utf8'),
    )
    const store = await connect({ servers: [address], credentials: { accessKey, secretKey }, timeoutMs })
    this.#closing.push(() => store.close())
    return store
  }

  /** A client whose requests can be measured, and what measures them. */
  async meter(): Promise<{ readonly store: Store; readonly meter: CostMeter }> {
    const client = await CountingProxy.start(this.#server)
    const agents = [...this.#proxies]
    this.#proxies.push(client)
    const addresses = this.#nodes.slice(1).map(({ address }) => address)
    const rows = await AgentRows.connect(addresses, this.#secretFile)
    this.#closing.push(() => rows.close())
    return { store: await this.connect(client.address), meter: new CostMeter(rows, client, agents) }
  }

  /** Resolves when the server waits for no agent. */
  async settled(): Promise<void> {
    await Promise.all(this.#proxies.map(proxy => proxy.settled()))
  }

  /** Peak resident memory of each process in bytes; undefined where the system does not tell it. */
  peakMemory(): readonly { readonly name: string; readonly bytes: number | undefined }[] {
    return this.#nodes.map(({ name, process }) => ({ name, bytes: peakMemoryBytes(process.pid) }))
  }

  /** Ends all processes and removes what they left. */
  async stop(): Promise<void> {
    // Clients first would wait for requests that may take long; their failure is nobody's business any more.
    await Promise.all(this.#processes.map(process => process.end()))
    await Promise.allSettled(this.#closing.map(close => close()))
    await Promise.all(this.#proxies.map(proxy => proxy.close()))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

async function untilAlive(store: Store, count: number): Promise<void> {
  const deadlineMs = performance.now() + 60_000
  for (let alive = 0; alive < count; ) {
    const { members } = await store.status()
    alive = members.filter(({ role, state }) => role === 'agent' && state === 'alive').length
    if (performance.now() > deadlineMs)
      throw new Error(`${alive} of ${count} agents are alive after a minute`)
  }
}
