import type { Dot } from '@torc/cluster/clocks/dot'
import { WorkerRunner } from '@torc/cluster/worker/worker'
import { systemHasher } from '@torc/protocol/environment/system'
import { TorcError } from '@torc/protocol/errors'
import { KeptLeases } from '../../src/actors/kept-leases.js'
import { LeaseWorker } from '../../src/actors/lease-worker.js'
import type { OtherKeepers } from '../../src/actors/other-keepers.js'
import type { SqlDatabase } from '../../src/disk/disk.js'
import { MemoryDisk } from '../../src/disk/memory-disk.js'
import { ChangeLog } from '../../src/feed/change-log.js'
import { CounterLease } from '../../src/index/counter-lease.js'
import { GroupCommit } from '../../src/index/group-commit.js'
import { migrateIndex } from '../../src/index/schema.js'
import { AgentLayout } from '../../src/layout/agent-layout.js'
import { firstEpoch } from '../support/agent-harness.js'
import { recordingLog } from '../support/recording-log.js'
import { seededRandom } from '../support/seeded-random.js'
import { VirtualTime } from '../support/virtual-time.js'

interface Life {
  readonly database: SqlDatabase
  readonly lease: CounterLease
  readonly layout: AgentLayout
  readonly changes: ChangeLog
  readonly kept: KeptLeases
  readonly commit: GroupCommit
  readonly runner: WorkerRunner
}

/** One agent's leases: the code of the agent without its handlers, on a memory disk that can be copied and put back. */
export class LeaseAgent {
  readonly log = recordingLog()
  disk = new MemoryDisk()
  copy: MemoryDisk | undefined
  life: Life | undefined
  /** Counts writes of keys, as the index would. */
  writes = 0
  lives = 0

  constructor(
    readonly id: string,
    readonly cluster: LeaseCluster,
  ) {}

  get running(): Life {
    if (this.life === undefined) throw new Error(`${this.id} is not running`)
    return this.life
  }

  get restored(): boolean {
    return this.running.layout.restored !== undefined
  }

  logId(): Promise<Uint8Array> {
    return this.running.changes.identity.get(this.running.commit)
  }

  async start(): Promise<void> {
    const { time, epoch } = this.cluster
    const database = this.disk.openDatabase('index.sqlite')
    migrateIndex(database, this.id)
    const random = seededRandom(this.cluster.nextSeed())
    const lease = new CounterLease(database, random)
    const layout = new AgentLayout(database, this.id, systemHasher)
    const changes = new ChangeLog({ database, clock: { latest: 0 }, random: seededRandom(++this.lives) })
    const commit = new GroupCommit(database, time, [lease, layout, changes])
    const kept = new KeptLeases(database)
    const worker = new LeaseWorker({
      ...{ nodeId: this.id, lease, layout, commit, changes, clock: time, random, log: this.log },
      times: { leaseEveryMs: 600_000, bootMs: 2_000 },
      others: this.cluster.othersOf(this),
      written: () => String(this.writes),
      onChecked: () => undefined,
    })
    const runner = new WorkerRunner(time, worker, {
      idleMs: 10_000,
      onError: error => this.log.error({ err: error }, 'failed'),
    })
    this.life = { database, lease, layout, changes, kept, commit, runner }
    lease.watch(() => runner.wake())
    layout.watch(() => runner.wake())
    if (layout.number === 0) await this.write(() => layout.store({ record: epoch }))
    runner.start()
  }

  /** Ends without notice. */
  crash(): void {
    void this.life?.runner.stop()
    this.life?.commit.close()
    this.life = undefined
    this.disk.crash()
  }

  /** Uses up a dot, or many of them, in one transaction; the last one. */
  async mint(count = 1): Promise<Dot> {
    this.writes++
    return await this.write(() => {
      let dot = this.running.lease.next()
      this.cluster.minted(this, dot)
      for (let n = 1; n < count; n++) {
        dot = this.running.lease.next()
        this.cluster.minted(this, dot)
      }
      return dot
    })
  }

  async write<T>(run: () => T): Promise<T> {
    const done = this.running.commit.submit(run)
    await this.cluster.time.advance(0)
    return await done
  }
}

/** Some agents and the links between them, on virtual time, with an oracle of all dots that were ever minted. */
export class LeaseCluster {
  readonly time = new VirtualTime()
  readonly agents: readonly LeaseAgent[]
  readonly epoch: Uint8Array
  /** Agents that reach nobody, and are reached by nobody. */
  readonly cutOff = new Set<string>()
  /** Answers to stores that are lost on their way back, although the lease was stored. */
  answersLost = false
  readonly #dots = new Set<string>()
  readonly #twice: string[] = []
  #seed: number

  constructor(count: number, seed = 1) {
    this.#seed = seed * 1_000
    this.agents = Array.from({ length: count }, (_, index) => new LeaseAgent(`agent-${index}`, this))
    this.epoch = firstEpoch(this.agents.map(({ id }) => id))
  }

  /** Dots that were minted more than once. */
  get mintedTwice(): readonly string[] {
    return this.#twice
  }

  agent(index: number): LeaseAgent {
    const agent = this.agents[index]
    if (agent === undefined) throw new Error(`there is no agent ${index}`)
    return agent
  }

  nextSeed(): number {
    return this.#seed++
  }

  async start(): Promise<void> {
    for (const agent of this.agents) await agent.start()
    await this.time.advance(10_000)
  }

  async stop(): Promise<void> {
    await Promise.all(this.agents.map(agent => agent.life?.runner.stop()))
    for (const agent of this.agents) agent.crash()
  }

  minted({ id }: LeaseAgent, { actor, counter }: Dot): void {
    const dot = `${actor}:${counter}`
    if (this.#dots.has(dot)) this.#twice.push(`${dot} by ${id}`)
    this.#dots.add(dot)
  }

  othersOf(asking: LeaseAgent): OtherKeepers {
    const reach = (id: string): LeaseAgent => {
      const keeper = this.agents.find(agent => agent.id === id)
      if (keeper?.life === undefined || this.cutOff.has(id) || this.cutOff.has(asking.id))
        throw new TorcError('UNREACHABLE', `${id} is not there`)
      return keeper
    }
    return {
      ask: async id => {
        const { layout, kept } = reach(id).running
        layout.checkTakesPart()
        return { epoch: layout.number, leases: kept.of(asking.id) }
      },
      store: async (id, lease) => {
        const { commit, kept } = reach(id).running
        await commit.submit(() => kept.put(asking.id, lease))
        if (this.answersLost) throw new TorcError('TIMEOUT', 'the answer was lost')
      },
    }
  }
}
