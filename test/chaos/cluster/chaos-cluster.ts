import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type Store } from '@torc/client'
import { readCredentials } from '@torc/client/config/credentials'
import { temporaryFolder } from '@torc/node-agent/disk/disk'
import { OperatedCluster, type OperatedNode } from '../../harness/processes/operated-cluster.js'
import { peakMemoryBytes } from '../../harness/processes/peak-memory.js'
import { NamespacedNetwork } from './namespaces.js'
import { type ChaosNetwork, ProxiedNetwork } from './network.js'
import { SmallDisk } from './small-disk.js'

export const serverNames = ['server-1', 'server-2'] as const
export const agentNames = ['agent-1', 'agent-2', 'agent-3', 'agent-4', 'agent-5'] as const
/** The agent whose disk is small, where that is permitted. */
export const smallDiskAgent = 'agent-5'

export type NetworkKind = 'proxies' | 'namespaces'

const smallDiskBytes = 3 * 2 ** 30
/** Layouts weigh agents by it: all are to have the same share. */
const capacity = ['--capacity', '10GiB']
/** Short, so that what nobody needs goes while faults come and go. */
const collection = ['--block-grace', '3s', '--upload-expiry', '60s', '--collect-after', '3s']
/** How long a process may take to end in order before it is killed, which is a failure. */
const endMs = 60_000

/** The processes under test: two servers and five agents, N = 3. */
export class ChaosCluster {
  readonly #operated = new OperatedCluster()
  readonly #nodes = new Map<string, OperatedNode>()
  readonly #stores: Store[] = []
  readonly network: ChaosNetwork
  #smallDisk: SmallDisk | string = 'not mounted'

  private constructor(network: NetworkKind) {
    this.network = network === 'proxies' ? new ProxiedNetwork(this.#operated) : new NamespacedNetwork()
  }

  static async start(network: NetworkKind): Promise<ChaosCluster> {
    const cluster = new ChaosCluster(network)
    try {
      await cluster.#start()
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  async #start(): Promise<void> {
    const operated = this.#operated
    await operated.init()
    this.#smallDisk = SmallDisk.mount(this.dataOf(smallDiskAgent), smallDiskBytes)
    const join: string[] = []
    let number = 0
    const placeOf = (name: string) => this.network.optionsOf(name, ++number)
    for (const name of serverNames) {
      const server = await operated.server({ ...placeOf(name), name, join: [...join] })
      this.#nodes.set(name, server)
      join.push(server.address)
    }
    const args = [...capacity, ...collection]
    const agents = agentNames.map(name => operated.agent(name, { ...placeOf(name), join, args }))
    for (const agent of await Promise.all(agents)) this.#nodes.set(agent.name, agent)
    const [first = ''] = join
    const made = await operated.initLayout(first, agentNames.length)
    if (made.code !== 0) throw new Error(made.stderr)
    for (const address of join) await operated.untilStatus(address, ({ epoch }) => epoch > 0)
  }

  get secretFile(): string {
    return this.#operated.secretFile
  }

  node(name: string): OperatedNode {
    const node = this.#nodes.get(name)
    if (node === undefined) throw new Error(`there is no node ${name}`)
    return node
  }

  addressesOf(names: readonly string[]): string[] {
    return names.map(name => this.node(name).address)
  }

  /** The small disk, or why there is none. */
  get smallDisk(): SmallDisk | string {
    return this.#smallDisk
  }

  /** A client of these servers, as root. */
  async connect(servers: readonly string[], timeoutMs: number): Promise<Store> {
    const credentials = readCredentials(this.#operated.credentials)
    const store = await connect({ servers: this.addressesOf(servers), credentials, timeoutMs })
    this.#stores.push(store)
    return store
  }

  async kill(...names: readonly string[]): Promise<void> {
    await Promise.all(names.map(name => this.node(name).process.end('SIGKILL')))
  }

  /** Starts nodes again whose processes have ended, all at once. */
  async restart(...names: readonly string[]): Promise<void> {
    await Promise.all(
      names.map(async name => {
        this.#nodes.set(name, await this.#operated.restart(this.node(name)))
      }),
    )
  }

  signal(name: string, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.node(name).process.child.kill(signal)
  }

  /** Names of processes that have ended, and nobody ended them. */
  ended(): string[] {
    return [...this.#nodes.values()].filter(({ process }) => !process.running).map(({ name }) => name)
  }

  /** Most memory that each process had since it was started, in bytes. */
  peakMemory(): ReadonlyMap<string, number> {
    const peaks = new Map<string, number>()
    for (const { name, process } of this.#nodes.values()) {
      const bytes = process.running ? peakMemoryBytes(process.pid) : undefined
      if (bytes !== undefined) peaks.set(name, bytes)
    }
    return peaks
  }

  /** Lines of log that each process wrote since it was started. */
  logLines(): ReadonlyMap<string, number> {
    return new Map([...this.#nodes.values()].map(({ name, process }) => [name, process.lines.length]))
  }

  /** Files of unfinished writes on the agents' disks. */
  temporaries(): string[] {
    return agentNames.flatMap(name => {
      const folder = join(this.dataOf(name), temporaryFolder)
      return existsSync(folder) ? readdirSync(folder).map(file => join(name, temporaryFolder, file)) : []
    })
  }

  dataOf(agent: string): string {
    return join(this.#operated.folder, agent)
  }

  /** Ends all processes and removes what they left. Names of those that had to be killed. */
  async stop(): Promise<string[]> {
    await Promise.all(this.#stores.map(store => store.close()))
    const stuck: string[] = []
    const patience = setTimeout(() => {
      for (const { name, process } of this.#nodes.values()) {
        if (!process.running) continue
        stuck.push(name)
        process.child.kill('SIGKILL')
      }
    }, endMs)
    // One that was stopped does not hear that it is to end.
    for (const { process } of this.#nodes.values()) if (process.running) process.child.kill('SIGCONT')
    try {
      await this.#operated.end()
    } finally {
      clearTimeout(patience)
      if (this.#smallDisk instanceof SmallDisk) this.#smallDisk.unmount()
      await this.#operated.stop()
    }
    return stuck
  }
}
