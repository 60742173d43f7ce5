import { connect, type Store } from '@torc/client'
import { othersToStore } from '@torc/node-agent/actors/boot-verdict'
import { startAgent } from '@torc/node-agent/agent'
import { immediateCompressor } from '@torc/node-agent/blocks/immediate-compressor'
import type { CollectionOptions } from '@torc/node-agent/collection/collection'
import { blockFolders, indexFile } from '@torc/node-agent/data-directory/data-directory'
import { MemoryDisk } from '@torc/node-agent/disk/memory-disk'
import { silentLog } from '@torc/protocol/environment/log'
import type { Safeguard } from '@torc/protocol/environment/safeguards'
import { TorcError } from '@torc/protocol/errors'
import { deriveRootKey } from '@torc/protocol/handshake/root-key'
import { startServer } from '@torc/server/start-server'
import { type BlockCensus, takeCensus } from '../../replicas/block-census.js'
import { type RemainderCensus, remaindersOf } from '../../replicas/remainder-census.js'
import { ReplicaProbe } from '../../replicas/replica-probe.js'
import { SimulatedNetwork } from '../network/network.js'
import type { Scheduler } from '../scheduler.js'
import type { SeededRandom } from '../seeded-random.js'
import { type DiskDelay, SimulatedDisk } from '../simulated-disk.js'
import { SimulatedProcess } from '../simulated-process.js'
import type { Faultable } from './faults.js'
import type { Changeable } from './layout-changes.js'

const port = 7400
const clientTimeoutMs = 5_000
const settlePollMs = 100
const settleMs = 60_000

/** What production code gives back for a node that runs. */
interface RunningNode {
  readonly id: string
  close(): Promise<void>
}

interface Machine {
  readonly name: string
  /** What outlives its processes; servers keep nothing. */
  disk: MemoryDisk | undefined
  copy: MemoryDisk | undefined
  readonly clockSkewMs: number
  lives: number
  process: SimulatedProcess | undefined
  node: RunningNode | undefined
  /** Of the agent that ran here last. */
  id: string | undefined
}

/** What an agent has on its disk. */
export interface AgentCensus {
  readonly blocks: BlockCensus
  readonly remainders: RemainderCensus
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
  /** Wall clocks differ by up to this much in both directions. */
  readonly clockSkewMsMax: number
  /** How long operations on files take; an ordinary disk when absent. */
  readonly diskDelay?: DiskDelay | undefined
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
  readonly #replicas: number
  readonly #diskDelay: DiskDelay | undefined
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
    this.#replicas = options.replicas
    this.#diskDelay = options.diskDelay
    this.network = new SimulatedNetwork({ scheduler, random: random.fork('network') })
    this.#secret = {
      clusterId: Buffer.from(random.bytes(16)).toString('hex'),
      secret: random.bytes(32),
    }
    this.agentNames = Array.from({ length: agents + spares }, (_, index) => `agent-${index + 1}`)
    this.#spares = new Set(this.agentNames.slice(agents))
    this.serverNames = Array.from({ length: servers }, (_, index) => `server-${index + 1}`)
    for (const name of [...this.serverNames, ...this.agentNames]) {
      this.#machines.set(name, {
        name,
        disk: this.serverNames.includes(name) ? undefined : new MemoryDisk(name),
        copy: undefined,
        clockSkewMs: (2 * random.fraction() - 1) * clockSkewMsMax,
        lives: 0,
        process: undefined,
        node: undefined,
        id: undefined,
      })
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

  isUp(name: string): boolean {
    return this.#machine(name).node !== undefined
  }

  crash(name: string): void {
    const machine = this.#machine(name)
    machine.process?.kill()
    machine.process = undefined
    machine.node = undefined
  }

  flushDisks(): void {
    for (const { disk } of this.#machines.values()) disk?.flush()
  }

  loseDisk(name: string): void {
    this.#machine(name).disk = new MemoryDisk(name)
  }

  /** The machine whose disk is an old copy since `restoreDisk`. */
  get restored(): string | undefined {
    return this.#restored
  }

  copyDisk(name: string): void {
    const machine = this.#machine(name)
    machine.copy = machine.disk?.copy()
  }

  restoreDisk(name: string): boolean {
    const machine = this.#machine(name)
    if (this.#restored !== undefined || machine.copy === undefined) return false
    const disks = this.agentNames.filter(other => other !== name).map(other => this.#machine(other).disk)
    const copies = disks.flatMap(disk => (disk === undefined ? [] : [disk.copy()]))
    if (!isKnownToBeOld(machine.copy.copy(), copies)) return false
    this.crash(name)
    machine.disk = machine.copy
    this.#restored = name
    return true
  }

  /** Starts the node of a machine on what its disk kept. */
  async restart(name: string): Promise<void> {
    const machine = this.#machine(name)
    if (machine.process !== undefined || this.#spares.has(name) || this.#destroyed.has(name)) return
    const process = this.#startProcess(name, ++machine.lives, machine.clockSkewMs)
    machine.process = process
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
    machine.node =
      machine.disk === undefined
        ? await startServer({ ...common, sharedRoots: [] })
        : await startAgent({
            ...common,
            ...this.#secret,
            data: new SimulatedDisk(machine.disk, process, this.#diskDelay),
            zone: '',
            capacity: 1024 ** 3,
            collection: this.#collection,
            compressor: immediateCompressor,
          })
    machine.id = machine.node.id
  }

  get spareNames(): readonly string[] {
    return [...this.#spares]
  }

  async startSpare(name: string): Promise<void> {
    this.#spares.delete(name)
    await this.restart(name)
  }

  destroy(id: string): void {
    const name = this.nameOf(id)
    this.crash(name)
    this.#destroyed.add(name)
  }

  /** The other way round, too: the id of the agent on a machine. */
  nameOf(name: string): string {
    for (const machine of this.#machines.values()) {
      if (machine.id === name) return machine.name
      if (machine.name === name && machine.id !== undefined) return machine.id
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
    const process = this.#startProcess(name, 1, 0)
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
    const process = this.#startProcess('probe', 1, 0)
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
          const { disk } = this.#machine(name)
          if (disk === undefined) throw new Error(`${name} has no disk`)
          const files = await Promise.all(blockFolders().map(folder => disk.list(folder)))
          const database = disk.openDatabase(indexFile)
          return {
            blocks: takeCensus(name, database, files.flat()),
            remainders: remaindersOf(name, database),
          }
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
      this.crash(machine.name)
    }
  }

  #startProcess(name: string, life: number, clockSkewMs: number): SimulatedProcess {
    const random = this.#random.fork(`${name} life ${life}`)
    return new SimulatedProcess({
      ...{ name, scheduler: this.#scheduler, random, clockSkewMs },
      without: this.#without,
    })
  }

  #machine(name: string): Machine {
    const machine = this.#machines.get(name)
    if (machine === undefined) throw new Error(`no machine ${name}`)
    return machine
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
          if (isFirst) await store.initLayout({ agents: alive.length, replicas: this.#replicas })
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
