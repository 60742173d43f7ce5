import type { Membership } from '@torc/cluster/membership/membership'
import type { Peers } from '@torc/cluster/membership/peers'
import { WorkerRunner, type WorkerStatus } from '@torc/cluster/worker/worker'
import { inForce } from '@torc/protocol/environment/safeguards'
import type { Environment } from '@torc/protocol/environment/system'
import type { OtherAgents } from '../collection/other-agents.js'
import type { AgentContext } from '../handlers/agent-context.js'
import { stateOf } from '../leases/known-operations.js'
import type { BlockSource } from '../scrub/owner-blocks.js'
import { KeyRepair } from './key-repair.js'
import { KeyLeaves, ReferenceLeaves } from './leaf-kind.js'
import { PeerReplicas } from './peer-replicas.js'
import { ReferenceRepair } from './reference-repair.js'
import type { RepairPassParts } from './repair-pass.js'
import { type RepairReport, RepairWorker } from './repair-worker.js'

export interface RepairOptions {
  /** From one pass to the next, about, in milliseconds. */
  readonly repairEveryMs?: number | undefined
  /** Bytes that are taken over in a second; a pass that an operator asks for goes four times as fast. */
  readonly bytesPerSecond?: number | undefined
}

export interface RepairParts {
  readonly membership: Membership
  readonly peers: Pick<Peers, 'reach'>
  readonly others: OtherAgents
  readonly source: BlockSource
  readonly environment: Environment
}

const repairEveryMs = 60_000
const repairBytesPerSecond = 16 * 1024 * 1024
/** How much faster a pass goes that an operator waits for. */
const askedFactor = 4
/** How often the worker looks at the members between passes. */
const lookMs = 1_000

/** The anti-entropy of one agent: its worker, run in the background, and what others ask of it. */
export class Repair {
  /** With what a new owner takes partitions over. */
  readonly takeover: RepairPassParts
  readonly #worker: RepairWorker
  readonly #runner: WorkerRunner

  constructor(agent: AgentContext, parts: RepairParts, options: RepairOptions = {}) {
    const { membership, peers, others, source, environment } = parts
    const { clock, random } = environment
    const { nodeId, layout, trees, index, commit, hasher, blocks, blockIndex, leases, collections, log } =
      agent
    const hybridClock = agent.clock
    const replicas = new PeerReplicas({ layout, membership, peers, hybridClock, clock, hasher })
    const keys = new KeyRepair({
      ...{ index, commit, layout, hasher, hybridClock, replicas, collections, environment },
    })
    const references = new ReferenceRepair({
      ...{ nodeId, layout, hasher, blocks, blockIndex, leases, others, source, log },
      stateOf: operation => stateOf(agent, operation),
    })
    const bytesPerSecond = options.bytesPerSecond ?? repairBytesPerSecond
    const common = { nodeId, layout, trees, random, log, replicas, keys: new KeyLeaves(replicas, keys, log) }
    this.takeover = { ...common, references: new ReferenceLeaves(replicas, references, true) }
    this.#worker = new RepairWorker(
      { ...common, references: new ReferenceLeaves(replicas, references), membership, clock },
      {
        everyMs: options.repairEveryMs ?? repairEveryMs,
        bytesPerSecond,
        bytesPerSecondAsked: bytesPerSecond * askedFactor,
        atOnce: !inForce(environment, 'compare twice'),
      },
    )
    this.#runner = new WorkerRunner(clock, this.#worker, {
      idleMs: lookMs,
      onError: error => log.error({ err: error }, 'repairing replicas failed and is tried again'),
    })
  }

  start(): void {
    this.#runner.start()
  }

  stop(): Promise<void> {
    return this.#runner.stop()
  }

  /** A pass over all partitions. Returns the number of the pass to wait for. */
  ask(): number {
    const pass = this.#worker.ask()
    this.#runner.wake()
    return pass
  }

  report(): RepairReport {
    return this.#worker.report()
  }

  status(): WorkerStatus {
    return this.#runner.status()
  }
}
