import { connect, type Store } from '@torc/client'
import { othersToStore } from '@torc/node-agent/actors/boot-verdict'
import { startAgent } from '@torc/node-agent/agent'
import { immediateCompressor } from '@torc/node-agent/blocks/immediate-compressor'
import type { CollectionOptions } from '@torc/node-agent/collection/collection'
import { blockFolders, indexFile } from '@torc/node-agent/data-directory/data-directory'
import type { MemoryDisk } from '@torc/node-agent/disk/memory-disk'
import { silentLog } from '@torc/protocol/environment/log'
import type { Safeguard } from '@torc/protocol/environment/safeguards'
import { TorcError } from '@torc/protocol/errors'
import { deriveRootKey } from '@torc/protocol/handshake/root-key'
import { startServer } from '@torc/server/start-server'
import { type BlockCensus, takeCensus } from '../../replicas/block-census.js'
import { type QueueCensus, takeQueueCensus } from '../../replicas/queue-census.js'
import { type RemainderCensus, remaindersOf } from '../../replicas/remainder-census.js'
import { ReplicaProbe } from '../../replicas/replica-probe.js'
import { SimulatedNetwork } from '../network/network.js'
import type { Scheduler } from '../scheduler.js'
import type { SeededRandom } from '../seeded-random.js'
import { type ClockSkew, SimulatedProcess } from '../simulated-process.js'
import type { Faultable } from './faults.js'
import type { Changeable } from './layout-changes.js'
import { Machine } from './machine.js'

const port = 7400
const clientTimeoutMs = 5_000
const settlePollMs = 100
const settleMs = 60_000

/** What an agent has on its disk. */
export interface AgentCensus {
  readonly blocks: BlockCensus
  readonly remainders: RemainderCensus
  readonly queues: QueueCensus
}

export interface SimulatedClusterOptions {
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  readonly agents: number
  /** Machines of agents that are started later, to be taken into the layout. */
  readonly spares: number
  readonly servers: number
  /** Owners of each key. */
  readonly replicas: number
  /** Parts of the hash space; as many as of any cluster when absent. */
  readonly partitions?: number | undefined
  /** Wall clocks differ by up to this much in both directions. */
  readonly clockSkewMsMax: number
  /** When agents let blocks go that nobody needs. */
  readonly collection: CollectionOptions
  /** A rule that all nodes do without. */
  readonly without?: Safeguard | undefined
}

/** Some servers and agents: the production code, each on a machine of its own, that can crash and come back. */
export class SimulatedCluster implements Faultable, Changeable {
  readonly network: SimulatedNetwork
  readonly agentNames: readonly string[]
  readonly serverNames: readonly string[]
  readonly #scheduler: Scheduler
  readonly #random: SeededRandom
  readonly #collection: CollectionOptions
  readonly #without: Safeguard | undefined
  readonly #shape: Pick<SimulatedClusterOptions, 'replicas' | 'partitions'>
  readonly #secret: { readonly clusterId: string; readonly secret: Uint8Array }
  readonly #machines = new Map<string, Machine>()
  #restored: string | undefined
  /** Agents that were never started, and those that are no more. */
  readonly #spares: Set<string>
  readonly #destroyed = new Set<string>()

  constructor(options: SimulatedClusterOptions) {
    const { scheduler, random, agents, spares, servers, clockSkewMsMax } = options
    this.#scheduler = scheduler
    this.#random = random
    this.#collection = options.collection
    this.#without = options.without
    this.#shape = { replicas: options.replicas, partitions: options.partitions }
    this.network = new SimulatedNetwork({ scheduler, random: random.fork('network') })
    this.#secret = {
      clusterId: Buffer.from(random.bytes(16)).toString('hex'),
      secret: random.bytes(32),
    }
    this.agentNames = Array.from({ length: agents + spares }, (_, index) => `agent-${index + 1}`)
    this.#spares = new Set(this.agentNames.slice(agents))
    this.serverNames = Array.from({ length: servers }, (_, index) => `server-${index + 1}`)
    for (const name of [...this.serverNames, ...this.agentNames]) {
      const hasDisk = !this.serverNames.includes(name)
      const clockSkewMs = (2 * random.fraction() - 1) * clockSkewMsMax
      this.#machines.set(name, new Machine({ name, scheduler, hasDisk, clockSkewMs }))
    }
  }

  /** Starts all nodes, makes the first layout and waits until the cluster takes writes. */
  async start(): Promise<void> {
    await Promise.all([...this.#machines.keys()].map(name => this.restart(name)))
    for (const server of this.serverNames) {
      const admin = await this.connectClient(`admin of ${server}`, [server])
      await this.#settle(admin.store, admin.process, server === this.serverNames[0])
      await admin.store.close()
      admin.process.kill()
    }
  }

  machine(name: string): Machine {
    const machine = this.#machines.get(name)
    if (machine === undefined) throw new Error(`no machine ${name}`)
    return machine
  }

  flushDisks(): void {
    for (const { disk } of this.#machines.values()) disk?.flush()
  }

  /** The machine whose disk is an old copy since `restoreDisk`. */
  get restored(): string | undefined {
    return this.#restored
  }

  restoreDisk(name: string): boolean {
    const { copy } = this.machine(name)
    if (this.#restored !== undefined || copy === undefined) return false
    const disks = this.agentNames.filter(other => other !== name).map(other => this.machine(other).disk)
    const copies = disks.flatMap(disk => (disk === undefined ? [] : [disk.copy()]))
    if (!isKnownToBeOld(copy.copy(), copies)) return false
    this.machine(name).restoreDisk()
    this.#restored = name
    return true
  }

  /** Starts the node of a machine on what its disk kept; one that can't start for want of room is left for later. */
  async restart(name: string): Promise<void> {
    const machine = this.machine(name)
    if (machine.isTaken || this.#spares.has(name) || this.#destroyed.has(name)) return
    const process = this.#startProcess(name, machine.nextLife(), machine.skew)
    const common = {
      secret: this.#secret,
      transport: this.network.transportOf(process),
      listen: { host: name, port },
      advertise: undefined,
      join: [...this.#machines.keys()].filter(other => other !== name).map(host => ({ host, port })),
      name,
      environment: process.environment,
      log: silentLog,
    }
    try {
      await machine.run(process, data =>
        data === undefined
          ? startServer({ ...common, sharedRoots: [] })
          : startAgent({
              ...common,
              ...this.#secret,
              ...{ data, zone: '', capacity: 1024 ** 3, collection: this.#collection },
              compressor: immediateCompressor,
            }),
      )
    } catch (error) {
      if (!(error instanceof TorcError) || error.code !== 'DISK_FULL') throw error
      machine.crash()
    }
  }

  get spareNames(): readonly string[] {
    return [...this.#spares]
  }

  async startSpare(name: string): Promise<boolean> {
    this.#spares.delete(name)
    await this.restart(name)
    const started = this.machine(name).nodeId !== undefined
    if (!started) this.#spares.add(name)
    return started
  }

  destroy(id: string): void {
    const name = this.nameOf(id)
    this.machine(name).crash()
    this.#destroyed.add(name)
  }

  /** The other way round, too: the id of the agent on a machine. */
  nameOf(name: string): string {
    for (const machine of this.#machines.values()) {
      if (machine.nodeId === name) return machine.name
      if (machine.name === name && machine.nodeId !== undefined) return machine.nodeId
    }
    throw new Error(`no agent ${name}`)
  }

  /** Agents that run, and take part. */
  get #presentNames(): readonly string[] {
    return this.agentNames.filter(
      name => !this.#spares.has(name) && !this.#destroyed.has(name) && name !== this.#restored,
    )
  }

  /** A client process of its own. */
  async connectClient(
    name: string,
    servers = this.serverNames,
  ): Promise<{ store: Store; process: SimulatedProcess }> {
    const process = this.#startProcess(name, 1)
    const store = await connect({
      servers: servers.map(server => `${server}:${port}`),
      credentials: deriveRootKey(this.#secret.secret),
      environment: process.environment,
      transport: this.network.transportOf(process),
      timeoutMs: clientTimeoutMs,
    })
    return { store, process }
  }

  /** Asks the agents themselves what they hold, from a process of its own. */
  probe(): ReplicaProbe {
    const process = this.#startProcess('probe', 1)
    return new ReplicaProbe({
      secret: this.#secret,
      addresses: this.#presentNames.map(name => `${name}:${port}`),
      environment: process.environment,
      transport: this.network.transportOf(process),
    })
  }

  /** What the agents have on their disks, once all are stopped. */
  async census(): Promise<AgentCensus[]> {
    return await Promise.all(
      this.agentNames
        .filter(name => !this.#spares.has(name) && !this.#destroyed.has(name))
        .map(async name => {
          const { disk } = this.machine(name)
          if (disk === undefined) throw new Error(`${name} has no disk`)
          const files = await Promise.all(blockFolders().map(folder => disk.list(folder)))
          const database = disk.openDatabase(indexFile)
          const census = {
            blocks: takeCensus(name, database, files.flat()),
            remainders: remaindersOf(name, database),
            queues: takeQueueCensus(name, database),
          }
          await disk.close()
          return census
        }),
    )
  }

  /** Undoes every fault: links open, all nodes up. */
  async mend(): Promise<void> {
    this.network.heal()
    for (const name of this.#machines.keys()) await this.restart(name)
  }

  /** Stops all nodes in order. */
  async stop(): Promise<void> {
    for (const machine of this.#machines.values()) {
      await machine.node?.close()
      machine.crash()
    }
  }

  #startProcess(name: string, life: number, skew?: ClockSkew): SimulatedProcess {
    const random = this.#random.fork(`${name} life ${life}`)
    return new SimulatedProcess({
      ...{ name, scheduler: this.#scheduler, random, without: this.#without },
      ...(skew === undefined ? {} : { skew }),
    })
  }

  /** Waits until a server knows all agents and the layout, which the first one makes. */
  async #settle(store: Store, process: SimulatedProcess, isFirst: boolean): Promise<void> {
    const { clock } = process.environment
    const endMs = clock.monotonicMs() + settleMs
    while (clock.monotonicMs() < endMs) {
      try {
        const { members, epoch } = await store.status()
        const alive = members.filter(({ role, state }) => role === 'agent' && state === 'alive')
        if (alive.length === this.agentNames.length - this.#spares.size) {
          if (epoch > 0) return
          if (isFirst) await store.initLayout({ agents: alive.length, ...this.#shape })
        }
      } catch (error) {
        if (!(error instanceof TorcError) || !error.retryable) throw error
      }
      await process.pause(settlePollMs, 'settles')
    }
    throw new Error(`the cluster did not come together within ${settleMs} ms`)
  }
}

/** Whether a majority has a lease that reaches further than a copy of an agent's disk knows. */
function isKnownToBeOld(copy: MemoryDisk, others: readonly MemoryDisk[]): boolean {
  const own = copy.openDatabase(indexFile)
  const agent = own.prepare('SELECT node_id FROM directory').pluck().get()
  const end = Number(own.prepare('SELECT coalesce(max(lease_end), 0) FROM actors').pluck().get())
  const ends = others.map(disk => {
    const kept = disk
      .openDatabase(indexFile)
      .prepare('SELECT max(lease_end) FROM counter_leases WHERE agent = ?')
    return Number(kept.pluck().get(agent))
  })
  for (const disk of [copy, ...others]) void disk.close()
  return ends.filter(kept => kept > end).length >= othersToStore(others.length + 1)
}
